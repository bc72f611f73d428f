/** The options of a call, checked before anything is sent. Errors: `USAGE`, naming the route, the option and its value. */
import { BgTasksError, preview } from '../errors.js';
import { PROTOCOLS } from '../protocols/index.js';
import type { CallOptions } from '../tasks/remotes.js';

/** A Node timer takes no more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_RETRIES = 100;
const NAMES: readonly string[] = ['timeoutMs', 'signal', 'idempotent', 'retry', 'protocol', 'queue'];

export function checkCallOptions(route: string, options: CallOptions): void {
  const problem = problemWith(options);
  if (problem !== undefined) throw new BgTasksError('USAGE', `Calling "${route}": ${problem}`, { route });
}

function problemWith(options: CallOptions): string | undefined {
  for (const name in options) {
    if (!NAMES.includes(name)) return `unknown option "${name}". Options are: ${NAMES.join(', ')}.`;
  }
  const { timeoutMs, signal, idempotent, retry, protocol, queue } = options;
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
    const allowed = `a number of milliseconds above 0 and at most ${MAX_TIMEOUT_MS}`;
    return `"timeoutMs" must be ${allowed}, not ${preview(timeoutMs)}.`;
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    return `"signal" must be an AbortSignal, not ${preview(signal)}.`;
  }
  if (idempotent !== undefined && typeof idempotent !== 'boolean') {
    return `"idempotent" must be true or false, not ${preview(idempotent)}.`;
  }
  if (protocol !== undefined && !Object.hasOwn(PROTOCOLS, protocol)) {
    return `unknown protocol ${preview(protocol)}. Protocols are: ${Object.keys(PROTOCOLS).join(', ')}.`;
  }
  if (protocol !== undefined && PROTOCOLS[protocol].isJobsOnly) {
    return `the protocol "${protocol}" has jobs only: enqueue() instead.`;
  }
  if (queue !== undefined && (typeof queue !== 'string' || queue === '')) {
    return `"queue" must be the name of a queue, not ${preview(queue)}.`;
  }
  if (retry === undefined) return undefined;
  if (!(Number.isInteger(retry) && retry >= 0 && retry <= MAX_RETRIES)) {
    return `"retry" must be a whole number from 0 to ${MAX_RETRIES}, not ${preview(retry)}.`;
  }
  return retry > 0 && !idempotent ? '"retry" needs "idempotent: true", as the task may run more than once.' : undefined;
}
