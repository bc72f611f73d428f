/**
 * Tagged values of the recorded cases and the native JavaScript values they stand for.
 *
 * | tag | native here |
 * |---|---|
 * | `$empty`, `$skip` | `EMPTY` |
 * | `$int` | a bigint |
 * | `$float`, `$nan`, `$infinity` | a number |
 * | `$decimal` | its text |
 * | `$datetime` | a `Date`: the instant, to the millisecond; one without an offset is in UTC |
 * | `$date`, `$time`, `$uuid` | its text |
 * | `$duration` | milliseconds, as a number |
 * | `$bytes` | a `Buffer` |
 * | `$set`, `$map` | a `Set`, a `Map` (an object, where all keys are texts) |
 * | `$object` | an instance of `Row` |
 * | `$callable`, `$context_default`, `$create_only_default` | a function, as `default` takes it |
 * | `$timezone` | its name |
 * | `$regex` | a `RegExp` |
 */
import { createOnlyDefault, EMPTY } from '../../fields/index.js';
import type { Ctx } from '../../fields/types.js';

/** An object with attributes rather than a mapping. */
export class Row {
  constructor(attributes: object) {
    Object.assign(this, attributes);
  }
}

/** Decoders by tag; a runner adds those of its own (`$queryset`, ...). */
export type Decoders = Readonly<Record<string, (value: never) => unknown>>;

/** The only key of an object, where it starts with `$`. */
export function tagOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const keys = Object.keys(value);
  const [key] = keys;
  return keys.length === 1 && key?.startsWith('$') ? key : undefined;
}

/** A recorded value as a native one, whatever its depth. */
export function decode(value: unknown, own: Decoders = {}): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => decode(item, own));
  const tag = tagOf(value);
  if (tag !== undefined) {
    const decoder = own[tag] ?? DECODERS[tag];
    if (!decoder) throw new Error(`Unknown tag ${tag}`);
    return (decoder as (value: unknown, own: Decoders) => unknown)((value as Record<string, unknown>)[tag], own);
  }
  return objectOf(Object.entries(value).map(([key, item]) => [key, decode(item, own)]));
}

/** An object with own properties, `__proto__` included. */
export function objectOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries);
}

const DECODERS: Readonly<Record<string, (value: never, own: Decoders) => unknown>> = {
  $empty: () => EMPTY,
  $skip: () => EMPTY,
  $int: (text: string) => BigInt(text),
  $float: (text: string) => Number(text),
  $nan: () => Number.NaN,
  $infinity: (sign: number) => sign * Number.POSITIVE_INFINITY,
  $decimal: (text: string) => text,
  $datetime: (text: string) => new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`),
  $date: (text: string) => text,
  $time: (text: string) => text,
  $duration: (seconds: string) => milliseconds(seconds),
  $uuid: (text: string) => text,
  $bytes: (text: string) => Buffer.from(text, 'base64'),
  $set: (items: unknown[], own) => new Set(items.map((item) => decode(item, own))),
  $map: (pairs: [unknown, unknown][], own) => mapOf(pairs.map((pair) => pair.map((each) => decode(each, own)))),
  $object: (attributes: object, own) =>
    new Row(objectOf(Object.entries(attributes).map(([key, item]) => [key, decode(item, own)]))),
  $callable: (value: unknown, own) => () => decode(value, own),
  $create_only_default: (value: unknown, own) => createOnlyDefault(decode(value, own)),
  $context_default: (key: string) => (ctx: Ctx) => ctx.context[key],
  $timezone: (name: string) => name,
  $regex: ({ pattern, flags }: { pattern: string; flags: string }) => new RegExp(pattern, flags),
};

function mapOf(pairs: unknown[][]): unknown {
  if (pairs.every(([key]) => typeof key === 'string')) return objectOf(pairs as [string, unknown][]);
  return new Map(pairs as [unknown, unknown][]);
}

/** `'-90061.000005'` seconds as milliseconds. */
export function milliseconds(seconds: string): number {
  const whole = microseconds(seconds);
  return Number(whole / 1000n) + Number(whole % 1000n) / 1000;
}

/** Milliseconds as whole microseconds. */
export function microsecondsIn(milliseconds: number): bigint {
  return BigInt(Math.trunc(milliseconds)) * 1000n + BigInt(Math.round((milliseconds % 1) * 1000));
}

/** `'-90061.000005'` seconds as whole microseconds. */
export function microseconds(seconds: string): bigint {
  const isNegative = seconds.startsWith('-');
  const [whole = '0', fraction = ''] = seconds.replace('-', '').split('.');
  const size = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return isNegative ? -size : size;
}
