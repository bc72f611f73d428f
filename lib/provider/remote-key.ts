/**
 * Keys of remote objects: what is one, and how it is sent. What they are compared by is `keyId`.
 *
 * Shape:  one property makes a key a number or a text: `0` is a key; null, undefined and `''` are not. Several
 *         properties make it an object with such a value for each, `{ tenant: 1, sku: 'a' }`; a tuple in their order is
 *         read too. JSON has no bigint: it becomes a text. Fields write keys, providers read them: both by this.
 */
import type { CompositeKey, Key } from '../tasks/remotes.js';

export type AnyKey = Key | CompositeKey;

/** How the keys of one remote field look. */
export interface KeyForm {
  /** The properties of an object that make up its key. */
  readonly names: readonly string[];
  /** The key as it is sent; undefined where the value is none. */
  of(value: unknown): AnyKey | undefined;
  /** The key of an object that came over the wire: of its own properties. */
  ofRow(row: unknown): AnyKey | undefined;
  /** Whether the value says that there is no key: null, `''`, or a part that is. */
  isNone(value: unknown): boolean;
}

export function keyForm(mergeKey: string | readonly string[]): KeyForm {
  return typeof mergeKey === 'string' ? singleForm(mergeKey) : compositeForm(mergeKey);
}

/** Of rows of a database: by what is given, else by the primary key. */
export function rowKeyForm(by: string | readonly string[] | undefined, primary: readonly string[]): KeyForm {
  const [only, second] = primary;
  return keyForm(by ?? (second === undefined ? (only as string) : primary));
}

/** `0` is a key; null, undefined and `''` are not. */
export function isKey(value: unknown): value is Key | bigint {
  if (typeof value === 'string') return value !== '';
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
}

/** A key as it is sent: one value, or an object of several. */
export function isAnyKey(value: unknown): value is AnyKey {
  const isSent = (part: unknown) => isKey(part) && typeof part !== 'bigint';
  if (!isObject(value)) return isSent(value);
  const parts = Object.values(value);
  return parts.length > 0 && parts.every(isSent);
}

function scalar(value: unknown): Key | undefined {
  if (!isKey(value)) return undefined;
  return typeof value === 'bigint' ? String(value) : value;
}

function singleForm(name: string): KeyForm {
  return {
    names: [name],
    of: scalar,
    ofRow: (row) => (isObject(row) && Object.hasOwn(row, name) ? scalar((row as Parts)[name]) : undefined),
    isNone: isNothing,
  };
}

type Parts = Readonly<Record<string, unknown>>;

function compositeForm(names: readonly string[]): KeyForm {
  const read = (part: (name: string, index: number) => unknown): CompositeKey | undefined => {
    const parts = names.map((name, index) => [name, scalar(part(name, index))] as const);
    if (parts.some(([, value]) => value === undefined)) return undefined;
    return Object.fromEntries(parts) as CompositeKey;
  };
  const partsOf = (value: unknown): readonly unknown[] => {
    if (Array.isArray(value)) return value.length === names.length ? value : [];
    return isObject(value) ? names.map((name) => ownOrGetter(value, name)) : [];
  };
  return {
    names,
    of: (value) => {
      const parts = partsOf(value);
      return read((_, index) => parts[index]);
    },
    isNone: (value) => isNothing(value) || partsOf(value).some(isNothing),
    ofRow: (row) => (isObject(row) ? read((name) => (Object.hasOwn(row, name) ? row[name] : undefined)) : undefined),
  };
}

function isNothing(value: unknown): boolean {
  return value === null || value === '';
}

/** An entity may work a part out; what every object inherits is no part of a key. */
function ownOrGetter(value: Parts, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(value, name) ? undefined : value[name];
}

function isObject(value: unknown): value is Parts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
