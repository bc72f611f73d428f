/**
 * Numbers that Python writes and JSON in JavaScript does not know: `NaN`, `Infinity`, and integers beyond 2^53.
 *
 * Shape:  reading puts a tagged text where such a number stands, so that `JSON.parse` keeps it, and a reviver takes it from
 *         there; writing goes the other way. The tag is made anew in each process: no text from outside can pretend to be one.
 */
import { randomUUID } from 'node:crypto';
import { BgTasksError, preview } from '../errors.js';

/** How numbers are read and written that JavaScript's JSON cannot hold. */
export interface JsonNumbers {
  /**
   * The tokens `NaN`, `Infinity` and `-Infinity` of Python: `error` refuses the body, `null` reads null, `number` reads
   * them as what they are, and writes them too. Default: `error`; written is null, as JSON has it.
   */
  nonFinite?: 'error' | 'null' | 'number';
  /**
   * Integers beyond 2^53: `number` rounds them, `string` reads their digits, `bigint` reads a BigInt, and writes such as
   * digits too. Default: `number`; a BigInt that is to be written is an error.
   */
  bigIntegers?: 'number' | 'string' | 'bigint';
}

const TAG = randomUUID();
const TAGGED = new RegExp(`"${TAG}(-?\\d+|-?Infinity|NaN)"`, 'g');
/** Making a BigInt takes time that grows with the square of its digits. */
const MAX_DIGITS = 10_000;
const TOKEN = /"|-?Infinity|NaN|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

export function jsonNumbersProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `must be { nonFinite, bigIntegers }, not ${preview(value)}.`;
  for (const [name, given] of Object.entries(value)) {
    const allowed = Object.hasOwn(VALUES, name) ? VALUES[name as keyof JsonNumbers] : undefined;
    if (!allowed) return `has no option "${name}". Options are: ${Object.keys(VALUES).join(', ')}.`;
    if (given !== undefined && !allowed.includes(given)) {
      return `needs one of ${allowed.join(', ')} as "${name}", not ${preview(given)}.`;
    }
  }
  return undefined;
}

const VALUES: { readonly [K in keyof JsonNumbers]-?: readonly unknown[] } = {
  nonFinite: ['error', 'null', 'number'],
  bigIntegers: ['number', 'string', 'bigint'],
};

/** As `JSON.parse`, by these rules. */
export function parseNumbers(json: string, { nonFinite = 'error', bigIntegers = 'number' }: JsonNumbers): unknown {
  const tagged = tag(json, nonFinite !== 'error', bigIntegers !== 'number');
  if (tagged === json) return JSON.parse(json);
  return JSON.parse(tagged, (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(TAG)) return value;
    const token = value.slice(TAG.length);
    if (!/\d/.test(token)) return nonFinite === 'null' ? null : Number(token);
    return bigIntegers === 'string' ? token : bigInt(token);
  });
}

/** As `JSON.stringify`, by these rules. */
export function stringifyNumbers(value: unknown, { nonFinite, bigIntegers }: JsonNumbers): string | undefined {
  const json = JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint' && bigIntegers === 'bigint') return `${TAG}${each}`;
    if (typeof each === 'number' && !Number.isFinite(each) && nonFinite === 'number') return `${TAG}${each}`;
    return each;
  }) as string | undefined;
  return json?.replace(TAGGED, '$1');
}

/** The same text, with each such number as a tagged text. What is no JSON remains none. */
function tag(json: string, isNonFinite: boolean, isBig: boolean): string {
  let tagged = '';
  let copied = 0;
  for (const token of tokensOf(json)) {
    const { text, start } = token;
    const isDigits = /^-?\d+$/.test(text);
    const isTagged = isDigits ? isBig && !Number.isSafeInteger(Number(text)) : isNonFinite && !/\d/.test(text);
    if (!isTagged) continue;
    tagged += `${json.slice(copied, start)}"${TAG}${text}"`;
    copied = start + text.length;
  }
  return copied === 0 ? json : tagged + json.slice(copied);
}

/** Numbers and words outside of texts. */
function* tokensOf(json: string): Generator<{ readonly text: string; readonly start: number }> {
  const pattern = new RegExp(TOKEN);
  for (let found = pattern.exec(json); found; found = pattern.exec(json)) {
    if (found[0] === '"') pattern.lastIndex = endOfText(json, found.index + 1);
    else yield { text: found[0], start: found.index };
  }
}

/** Behind the closing quote; the end where there is none. */
function endOfText(json: string, from: number): number {
  for (let quote = json.indexOf('"', from); quote >= 0; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return json.length;
}

function bigInt(digits: string): bigint {
  if (digits.length <= MAX_DIGITS) return BigInt(digits);
  throw new BgTasksError('BAD_BODY', `An integer has ${digits.length} digits; at most ${MAX_DIGITS} are read.`);
}
