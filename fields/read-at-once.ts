/**
 * Ordinary input that a field would take as it is: what nearly all values of nearly all requests are.
 *
 * Shape:  `readerAtOnce(field)` gives a function from input to value, or `EMPTY` where the field must be asked: for all
 *         that is not certain at a glance. It never refuses anything. undefined for fields it knows nothing about: those
 *         of other classes, subclasses too, those with validators of their own, and those that read nothing.
 */
import { BooleanField } from './boolean.js';
import { CharField, type CharOptions } from './char.js';
import { EmailField, isEmail } from './email.js';
import { EMPTY } from './field.js';
import { FloatField } from './float.js';
import { IntegerField } from './integer.js';
import { ListField, type ListOptions } from './list.js';
import type { NumberOptions } from './number.js';
import type { AnyField, FieldOptions } from './types.js';
import { isUrl, URLField } from './url.js';
import { isCanonicalUuid, UUIDField } from './uuid.js';

export type ReadAtOnce = (input: unknown) => unknown;

type Make = (field: AnyField) => ReadAtOnce | undefined;

const MAKERS = new Map<unknown, Make>([
  [CharField, ({ options }) => text(options as CharOptions)],
  [IntegerField, ({ options }) => number(options as NumberOptions, Number.isSafeInteger)],
  [FloatField, ({ options }) => number(options as NumberOptions, Number.isFinite)],
  [BooleanField, () => (input) => (input === true || input === false ? input : EMPTY)],
  [EmailField, ({ options }) => narrowed(text(options as CharOptions), isEmail)],
  [URLField, ({ options }) => narrowed(text(options as CharOptions), isUrl)],
  [UUIDField, () => (input) => (typeof input === 'string' && isCanonicalUuid(input) ? input : EMPTY)],
  [ListField, (field) => list(field)],
]);

export function readerAtOnce(field: AnyField): ReadAtOnce | undefined {
  const { validators, allowNull, readOnly } = field.options as FieldOptions;
  const read = validators?.length || readOnly ? undefined : MAKERS.get(field.constructor)?.(field);
  return read && allowNull ? (input) => (input === null ? null : read(input)) : read;
}

function narrowed(read: ReadAtOnce, isValid: (text: string) => boolean): ReadAtOnce {
  return (input) => (read(input) !== EMPTY && isValid(input as string) ? input : EMPTY);
}

/** Printing ASCII at both ends, so there is nothing to trim; and lengths in units that settle those in code points. */
function text({ minLength = 0, maxLength = Number.POSITIVE_INFINITY }: CharOptions): ReadAtOnce {
  const least = Math.max(1, minLength > 1 ? 2 * minLength : minLength);
  return (input) => {
    if (typeof input !== 'string') return EMPTY;
    const { length } = input;
    if (length < least || length > maxLength) return EMPTY;
    const isCertain = isPrinting(input.charCodeAt(0)) && isPrinting(input.charCodeAt(length - 1));
    return isCertain && !input.includes('\0') && input.isWellFormed() ? input : EMPTY;
  };
}

function isPrinting(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f;
}

/** -0 is left to the field, which makes 0 of it. */
function number(options: NumberOptions, isKind: (value: unknown) => boolean): ReadAtOnce {
  const { minValue = Number.NEGATIVE_INFINITY, maxValue = Number.POSITIVE_INFINITY } = options;
  if (typeof minValue !== 'number' || typeof maxValue !== 'number') return () => EMPTY;
  return (input) =>
    isKind(input) && !Object.is(input, -0) && isBetween(input as number, minValue, maxValue) ? input : EMPTY;
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function list(field: AnyField): ReadAtOnce | undefined {
  const {
    minLength = 1,
    maxLength = Number.POSITIVE_INFINITY,
    child,
  } = field.options as ListOptions & { child: AnyField };
  const readItem = readerAtOnce(child);
  if (!readItem) return undefined;
  return (input) => {
    if (!Array.isArray(input) || input.length < Math.max(1, minLength) || input.length > maxLength) return EMPTY;
    const items: unknown[] = new Array(input.length);
    for (let i = 0; i < input.length; i++) {
      const item = readItem(input[i]);
      if (item === EMPTY) return EMPTY;
      items[i] = item;
    }
    return items;
  };
}
