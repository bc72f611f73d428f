/**
 * For whom an answer may be used again: the caller as a text. Equal texts may share answers.
 *
 * Shape:  every member of the caller counts but `url`, `traceparent` and `tracestate`, which say whence a request came and not whose
 *         it is. Without other members it is `''`: all callers that nobody has told apart.
 */
import { type Caller, currentCaller } from '../caller.js';
import { BgTasksError, preview } from '../errors.js';

const OF_THE_REQUEST: ReadonlySet<string> = new Set(['url', 'traceparent', 'tracestate']);

/** `scope` in its place, where a field has one of its own. */
export function callerKey(scope: (caller: Caller) => string = keyOf): string {
  const key: unknown = scope(currentCaller());
  // As a text, every promise and every object is the same: all callers would share.
  if (typeof key !== 'object' || key === null) return String(key);
  throw new BgTasksError('USAGE', `RemoteField: the "scope" of a "cache" must give a text, not ${preview(key)}.`);
}

function keyOf(caller: Caller): string {
  const own = Object.entries(caller).filter(([name, value]) => value !== undefined && !OF_THE_REQUEST.has(name));
  return own.length === 0 ? '' : JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)));
}
