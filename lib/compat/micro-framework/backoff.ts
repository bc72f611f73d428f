/** How often the target of an event runs again, in the words of micro_framework. */
import { BgTasksError, preview } from '../../errors.js';
import type { ErrorClass, RetryOptions } from '../../tasks/job.js';
import { checkKnown } from './known-options.js';

/** What `asyncBackOff(...)` gives: options of a listener, which may also be written as they are. */
export type RouteBackOff = Pick<RetryOptions, 'attempts' | 'backoff' | 'retryOn'>;

export interface AsyncBackOffOptions {
  /** Runs after the first one: 5 are 6 attempts. Default: 3. */
  maxRetries?: number;
  /** The wait before each of them, in milliseconds, rounded up to whole seconds. Default: 60,000. */
  intervalMs?: number;
  /** Which errors lead to another run, subclasses included. Default, and where the list is empty: all. */
  exceptionList?: readonly ErrorClass[] | null;
}

const OPTIONS: readonly string[] = ['maxRetries', 'intervalMs', 'exceptionList'];

/** `backoff: asyncBackOff({ maxRetries: 5, intervalMs: 10_000 })`. Needs no plugin of RabbitMQ. */
export function asyncBackOff(options: AsyncBackOffOptions = {}): RouteBackOff {
  checkKnown('asyncBackOff(...)', options, OPTIONS);
  const { maxRetries = 3, intervalMs = 60_000, exceptionList } = options;
  if (!(Number.isInteger(maxRetries) && maxRetries >= 0)) {
    throw refused(`"maxRetries" must be a whole number from 0, not ${preview(maxRetries)}.`);
  }
  if (!(typeof intervalMs === 'number' && intervalMs >= 0 && intervalMs < Infinity)) {
    throw refused(`"intervalMs" must be milliseconds from 0, not ${preview(intervalMs)}.`);
  }
  const retryOn = exceptionList ?? [];
  if (!(Array.isArray(retryOn) && retryOn.every((type) => typeof type === 'function'))) {
    throw refused(`"exceptionList" must be a list of error classes, not ${preview(exceptionList)}.`);
  }
  return { attempts: maxRetries + 1, backoff: intervalMs, ...(retryOn.length > 0 && { retryOn }) };
}

function refused(problem: string): BgTasksError {
  return new BgTasksError('INVALID_TASK', `asyncBackOff(...): ${problem}`);
}
