/**
 * For whom an answer may be used again: the caller as a text. Equal texts may share answers.
 *
 * Shape:  every member of the caller counts but `url`, `traceparent` and `tracestate`, which say whence a request came and not whose
 *         it is. Without other members it is `''`: all callers that nobody has told apart.
 */
import { type Caller, currentCaller } from '../caller.js';

const OF_THE_REQUEST: ReadonlySet<string> = new Set(['url', 'traceparent', 'tracestate']);

/** `scope` in its place, where a field has one of its own. */
export function callerKey(scope: (caller: Caller) => string = keyOf): string {
  return String(scope(currentCaller()));
}

function keyOf(caller: Caller): string {
  const own = Object.entries(caller).filter(([name, value]) => value !== undefined && !OF_THE_REQUEST.has(name));
  return own.length === 0 ? '' : JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)));
}
