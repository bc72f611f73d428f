/**
 * What came out and what was recorded, brought into one form that can be compared by `deep.equal`.
 *
 * Shape:  `comparable(value, like)` is our value, seen as what was recorded (`like`) says; `recorded(like)` is the record.
 *         So a `Date` equals `{ $datetime }` of the same instant, a text `{ $date }`, `{ $uuid }` and `{ $decimal }`, a
 *         number of milliseconds `{ $duration }`, and a list `{ $set }` in any order.
 */
import { EMPTY } from '../../fields/index.js';
import type { ErrorTree } from '../../lib/validation-error.js';
import { decode, microseconds, microsecondsIn, objectOf, tagOf } from './tags.js';

interface Leaf {
  readonly code: string;
  readonly message: string;
}

/** A recorded output in the common form. */
export function recorded(like: unknown): unknown {
  const tag = tagOf(like);
  if (tag !== undefined) return RECORDED[tag]?.((like as Record<string, never>)[tag] as never) ?? decode(like);
  if (Array.isArray(like)) return like.map(recorded);
  if (typeof like !== 'object' || like === null) return like;
  return objectOf(Object.entries(like).map(([key, item]) => [key, recorded(item)]));
}

/** Our output in the common form; `like` is the recorded one. */
export function comparable(value: unknown, like: unknown): unknown {
  if (value === EMPTY) return 'nothing';
  const tag = tagOf(like);
  if (tag !== undefined) return OURS[tag]?.(value, (like as Record<string, never>)[tag] as never) ?? value;
  if (Array.isArray(value)) {
    return value.map((item, index) => comparable(item, Array.isArray(like) ? like[index] : undefined));
  }
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  const likes = (typeof like === 'object' && like !== null ? like : {}) as Record<string, unknown>;
  return objectOf(
    Object.entries(value).map(([key, item]) => [
      key,
      comparable(item, Object.hasOwn(likes, key) ? likes[key] : undefined),
    ]),
  );
}

const RECORDED: Readonly<Record<string, (value: never) => unknown>> = {
  $empty: () => 'nothing',
  $skip: () => 'nothing',
  $int: (text: string) => `int ${text}`,
  $decimal: (text: string) => `decimal ${text}`,
  $datetime: (text: string) => `instant ${instant(text)}`,
  $date: (text: string) => `date ${text}`,
  $time: (text: string) => `time ${text}`,
  $uuid: (text: string) => `uuid ${text}`,
  $duration: (seconds: string) => `${microseconds(seconds)} microseconds`,
  $bytes: (text: string) => `bytes ${text}`,
  $set: (items: unknown[]) => asSet(items.map(recorded)),
  $map: (pairs: [unknown, unknown][]) => pairs.map((pair) => pair.map(recorded)),
};

const text = (label: string) => (value: unknown) => (typeof value === 'string' ? `${label} ${value}` : value);

const OURS: Readonly<Record<string, (value: unknown, like: never) => unknown>> = {
  $int: (value) => (typeof value === 'string' || typeof value === 'bigint' ? `int ${value}` : value),
  $decimal: text('decimal'),
  $date: text('date'),
  $time: text('time'),
  $uuid: text('uuid'),
  $datetime: (value) => (value instanceof Date ? `instant ${instant(value.toISOString())}` : value),
  $duration: (value) => (typeof value === 'number' ? `${microsecondsIn(value)} microseconds` : value),
  $bytes: (value) => (value instanceof Uint8Array ? `bytes ${Buffer.from(value).toString('base64')}` : value),
  $set: (value, items: unknown[]) =>
    Array.isArray(value) ? asSet(value.map((item) => comparable(item, items))) : value,
  $map: (value) => (value instanceof Map ? [...value] : value),
};

/** The instant in UTC, to the microsecond; without an offset the text is taken to be in UTC. */
function instant(text: string): string {
  const [, fraction = ''] = /\.(\d+)/.exec(text) ?? [];
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`;
  const seconds = new Date(zoned.replace(/\.\d+/, '')).toISOString().slice(0, 19);
  return `${seconds}.${fraction.padEnd(6, '0')}`;
}

function asSet(items: readonly unknown[]): unknown {
  return { set: items.map((item) => JSON.stringify([typeof item, item])).sort() };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

// ---------- errors

/**
 * A recorded tree of errors in the form of ours: a leaf is a list, `many` gives an object by index in place of a list
 * with `{}` for what is right, and messages name types as JavaScript does.
 */
export function recordedErrors(tree: unknown, namesTypes = false): unknown {
  if (isLeaf(tree)) return [leaf(tree, namesTypes)];
  if (!Array.isArray(tree)) {
    return objectOf(Object.entries(tree as object).map(([key, item]) => [key, recordedErrors(item, namesTypes)]));
  }
  if (tree.every(isLeaf)) return tree.map((each) => leaf(each, namesTypes));
  const entries = tree.map((item, index) => [String(index), item] as const).filter(([, item]) => !isEmpty(item));
  return objectOf(entries.map(([key, item]) => [key, recordedErrors(item, namesTypes)]));
}

/** Our tree of errors, its leaves being `{ code, message }` alone. */
export function comparableErrors(tree: ErrorTree): unknown {
  if (Array.isArray(tree)) return tree.map(({ code, message }: Leaf) => ({ code, message }));
  return objectOf(Object.entries(tree).map(([key, item]) => [key, comparableErrors(item)]));
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  str: 'string',
  int: 'number',
  float: 'number',
  bool: 'boolean',
  NoneType: 'null',
  dict: 'dictionary',
};

/** `not_a_list` and its like always name a type, in messages of one's own too. */
function leaf({ code, message }: Leaf, namesTypes: boolean): Leaf {
  if (!namesTypes && !code.startsWith('not_a_')) return { code, message };
  const named = message.replace(/\b(?:str|int|float|bool|NoneType|dict)\b/g, (name) => TYPE_NAMES[name] as string);
  return { code, message: named };
}

function isLeaf(tree: unknown): tree is Leaf {
  const { code, message } = (tree ?? {}) as Partial<Leaf>;
  return typeof code === 'string' && typeof message === 'string';
}

function isEmpty(tree: unknown): boolean {
  return typeof tree === 'object' && tree !== null && Object.keys(tree).length === 0;
}
