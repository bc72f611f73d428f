/**
 * JSON as bytes, both ways, with everything from the wire taken to be hostile.
 *
 * Errors: `BAD_BODY` where the bytes are not JSON, are empty or hold a `__proto__` key, or where a value cannot be
 *         written; `BODY_TOO_LARGE` beyond `maxBytes`.
 */
import { isUtf8 } from 'node:buffer';
import { BgTasksError, messageOf } from '../errors.js';
import { type JsonNumbers, parseNumbers, stringifyNumbers } from './json-numbers.js';

/** A byte order mark is allowed: Python reads one too. */
const BYTE_ORDER_MARK = '\ufeff';

export function readJson(bytes: Buffer, maxBytes: number, numbers?: JsonNumbers): unknown {
  if (bytes.length > maxBytes) throw tooLarge(bytes.length, maxBytes);
  // Else what cannot be read would be replaced, and the handler would get another text than was sent.
  if (!isUtf8(bytes)) throw new BgTasksError('BAD_BODY', 'The body is not JSON: its bytes are not UTF-8.');
  const text = bytes.toString('utf8');
  const json = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  if (json.trim() === '') throw new BgTasksError('BAD_BODY', 'The body is empty; JSON was expected.');
  const value = parse(json, numbers);
  if (mayHoldProto(json) && holdsProto(value)) {
    throw new BgTasksError('BAD_BODY', 'The body has a "__proto__" key, which is refused.');
  }
  return value;
}

/** `undefined` is written as `null`: an empty body would not be JSON, and ends a Python worker. */
export function writeJson(value: unknown, maxBytes: number, numbers?: JsonNumbers): Buffer {
  const json = stringify(value, numbers);
  // No reader of ours would take it, and the error belongs to the side that can mend it.
  if (mayHoldProto(json) && holdsProto(parse(json, numbers))) {
    throw new BgTasksError('BAD_BODY', 'The value has a "__proto__" key, which every reader refuses.');
  }
  const bytes = Buffer.from(json);
  if (bytes.length > maxBytes) throw tooLarge(bytes.length, maxBytes);
  return bytes;
}

function parse(json: string, numbers: JsonNumbers | undefined): unknown {
  try {
    return numbers ? parseNumbers(json, numbers) : JSON.parse(json);
  } catch (error) {
    if (error instanceof BgTasksError) throw error;
    const hint = /token '?[NI]/.test(messageOf(error)) ? ' (setting "json" says how NaN and Infinity are read)' : '';
    throw new BgTasksError('BAD_BODY', `The body is not JSON: ${messageOf(error)}${hint}`, {}, { cause: error });
  }
}

function stringify(value: unknown, numbers: JsonNumbers | undefined): string {
  try {
    return (numbers ? stringifyNumbers(value, numbers) : JSON.stringify(value)) ?? 'null';
  } catch (error) {
    throw new BgTasksError(
      'BAD_BODY',
      `The value cannot be written as JSON: ${messageOf(error)}`,
      {},
      { cause: error },
    );
  }
}

/** Cheap, and right in nearly all cases: the key in plain letters, or any escaped letter of it. */
function mayHoldProto(json: string): boolean {
  // A plain search goes through a large text several times as fast as the pattern alone.
  return json.includes('__proto__') || (json.includes('\\u00') && /\\u00(5f|70|72|6f|74)/i.test(json));
}

/** A stack of its own: the nesting of hostile input must not use up that of the process. */
function holdsProto(value: unknown): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, '__proto__')) return true;
    for (const child of Object.values(next)) open.push(child);
  }
  return false;
}

function tooLarge(bytes: number, maxBytes: number): BgTasksError {
  const message = `The body has ${bytes} bytes; at most ${maxBytes} are allowed (setting "maxBodyBytes").`;
  return new BgTasksError('BODY_TOO_LARGE', message, { bytes, maxBytes });
}
