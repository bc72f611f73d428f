/**
 * The fields of a class as one function that reads input.
 *
 * Shape:  `read(data, scopes)` gives the values by source, or a refusal with the errors of all fields by name; a promise
 *         where a field or hook is asynchronous. Values and errors stand in the order of the fields, whenever they came.
 *         Fields that are read-only take no part: their input is ignored, and so is their default.
 */
import { EMPTY, readBy, usage } from '../fields/field.js';
import { type ReadAtOnce, readerAtOnce } from '../fields/read-at-once.js';
import { holdsNothing, isRefusal, refusal } from '../fields/refusal.js';
import { typeName } from '../fields/type-name.js';
import type { Ctx } from '../fields/types.js';
import { chain, forsake, isPromise } from '../lib/maybe-promise.js';
import type { ErrorTree, ValidationError } from '../lib/validation-error.js';
import type { BoundField } from './bound-field.js';
import { generateReader, type Read, type Readers } from './generate.js';
import { messageOf } from './messages.js';
import { setOwn, type Target } from './run.js';
import { hooked } from './validation.js';

/** The fields that take input. */
export function written(all: readonly BoundField[]): readonly BoundField[] {
  return all.filter(({ options }) => !options.readOnly);
}

export function reader(all: readonly BoundField[]): Read {
  const fields = written(all);
  const atOnce = fields.map((bound) => (canReadAtOnce(bound) ? readerAtOnce(bound.field) : undefined));
  const ask: Readers['ask'] = (i, data, scopes) => {
    const given = readOne(fields[i] as BoundField, data, scopes()[i] as Ctx);
    // Where a later field throws, nobody waits for this one any more.
    if (isPromise(given)) forsake([given]);
    return given;
  };
  const whole: Readers['whole'] = (given) =>
    given.some(isPromise) ? Promise.all(given).then((late) => wholeOf(fields, late)) : wholeOf(fields, given);
  const any: Read = (data, scopes) => {
    const given = fields.map(({ name }, i) => {
      const value = atOnce[i]?.(inputOf(data, name)) ?? EMPTY;
      return value === EMPTY ? ask(i, data, scopes) : value;
    });
    return whole(given);
  };
  return generated(fields, atOnce, { ask, isValue: (given) => isValue(given) && !isPromise(given), whole, any }) ?? any;
}

/** As one object literal, where every field has a property of its own. */
function generated(
  fields: readonly BoundField[],
  atOnce: readonly (ReadAtOnce | undefined)[],
  readers: Readers,
): Read | undefined {
  const places = fields.flatMap(({ name, path: [property, second] }, i) => {
    const isPlain = property !== undefined && second === undefined && !(name in Object.prototype);
    return isPlain ? [{ name, property, read: atOnce[i] }] : [];
  });
  const isCertain = new Set(places.map(({ property }) => property)).size === fields.length;
  return isCertain ? generateReader(places, readers) : undefined;
}

/** Where no hook sees the value, and nothing is made of it. */
function canReadAtOnce({ path, hook }: BoundField): boolean {
  return path.length > 0 && hook === undefined;
}

function inputOf(data: object, name: string): unknown {
  return Object.hasOwn(data, name) ? (data as Target)[name] : EMPTY;
}

function readOne({ name, field, hook, path }: BoundField, data: object, ctx: Ctx): unknown {
  const value = readBy(field, inputOf(data, name), ctx);
  if (!hook && path.length > 0) return value;
  return chain(value, (read) => {
    const isChecked = hook && isValue(read);
    const checked = isChecked ? hooked(read, () => checkedHook(name, hook(read as never, ctx))) : read;
    return path.length > 0 ? checked : chain(checked, mergeable);
  });
}

function isValue(value: unknown): boolean {
  return value !== EMPTY && !isRefusal(value);
}

function checkedHook(name: string, value: unknown): unknown {
  if (isPromise(value)) return value.then((late) => checkedHook(name, late));
  if (value === undefined) throw usage(`"validators.${name}" must give the value back.`);
  return value;
}

/** With `source: '*'` the parts of a value become values of the whole, so it must have parts. */
function mergeable(value: unknown): unknown {
  if (!isValue(value) || (typeof value === 'object' && !Array.isArray(value))) return value;
  return refusal([messageOf('invalid', { datatype: typeName(value) })]);
}

/** Of what the fields gave, each at its own place. */
function wholeOf(fields: readonly BoundField[], values: readonly unknown[]): Target | ValidationError {
  return errorsIn(fields, values) ?? valuesOf(fields, values);
}

function errorsIn(fields: readonly BoundField[], values: readonly unknown[]): ValidationError | undefined {
  let errors: Record<string, ErrorTree> | undefined;
  for (let i = 0; i < fields.length; i++) {
    const value = values[i];
    if (!isRefusal(value) || holdsNothing(value)) continue;
    errors ??= {};
    setOwn(errors, (fields[i] as BoundField).name, value.errors);
  }
  return errors && refusal(errors);
}

function valuesOf(fields: readonly BoundField[], values: readonly unknown[]): Target {
  const attrs: Target = {};
  for (let i = 0; i < fields.length; i++) {
    if (isValue(values[i])) setAt(attrs, (fields[i] as BoundField).path, values[i]);
  }
  return attrs;
}

/** `['a', 'b']` sets `attrs.a.b`; no path merges an object into `attrs`. */
function setAt(attrs: Target, path: readonly string[], value: unknown): void {
  if (path.length === 0) {
    for (const [name, part] of Object.entries(value ?? {})) setOwn(attrs, name, part);
    return;
  }
  let target = attrs;
  for (const step of path.slice(0, -1)) {
    const isObject = Object.hasOwn(target, step) && typeof target[step] === 'object' && target[step] !== null;
    // Another field may have put null there, which cannot hold the value.
    if (!isObject) setOwn(target, step, {});
    target = target[step] as Target;
  }
  setOwn(target, path.at(-1) as string, value);
}
