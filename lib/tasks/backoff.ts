/** How long a failed run waits before the next one. */
import { BgTasksError, preview } from '../errors.js';

export interface BackoffOptions {
  /** `linear` grows by `delayMs` with each attempt, `exponential` doubles. */
  readonly type: 'constant' | 'linear' | 'exponential';
  /** After the first failure, in milliseconds. */
  readonly delayMs: number;
  /** No delay is longer. Default: 3,600,000 (an hour). */
  readonly maxDelayMs?: number;
  /** Each delay is between half and all of it, by chance, so that jobs that failed together do not return together. */
  readonly jitter?: boolean;
}

/**
 * Milliseconds, rounded up to whole seconds: a constant, a rule, or a function of the attempt that failed (from 1) and its
 * error.
 */
export type Backoff = number | BackoffOptions | ((attempt: number, error: unknown) => number);

export const DEFAULT_BACKOFF: BackoffOptions = { type: 'exponential', delayMs: 1000, jitter: true };

const DEFAULT_MAX_DELAY_MS = 3_600_000;
const TYPES: readonly string[] = ['constant', 'linear', 'exponential'];

/** What is wrong with it, or undefined. */
export function backoffProblem(backoff: unknown): string | undefined {
  if (typeof backoff === 'function') return undefined;
  if (typeof backoff === 'number') return isDelay(backoff) ? undefined : notADelay('backoff', backoff);
  if (typeof backoff !== 'object' || backoff === null) {
    return `"backoff" must be milliseconds, { type, delayMs } or a function, not ${preview(backoff)}.`;
  }
  const { type, delayMs, maxDelayMs } = backoff as Partial<BackoffOptions>;
  if (!TYPES.includes(String(type))) return `"backoff.type" must be one of ${TYPES.join(', ')}, not ${preview(type)}.`;
  if (!isDelay(delayMs)) return notADelay('backoff.delayMs', delayMs);
  if (maxDelayMs !== undefined && !isDelay(maxDelayMs)) return notADelay('backoff.maxDelayMs', maxDelayMs);
  return undefined;
}

/** The delay after `attempt` has failed. */
export function delayAfter(backoff: Backoff, attempt: number, error: unknown): number {
  if (typeof backoff === 'number') return backoff;
  if (typeof backoff === 'function') return checked(backoff(attempt, error));
  const { type, delayMs, maxDelayMs = DEFAULT_MAX_DELAY_MS, jitter = false } = backoff;
  const factor = { constant: 1, linear: attempt, exponential: 2 ** (attempt - 1) }[type];
  const longest = Math.min(delayMs * factor, maxDelayMs);
  return jitter ? longest * (0.5 + Math.random() / 2) : longest;
}

function isDelay(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

function notADelay(name: string, value: unknown): string {
  return `"${name}" must be milliseconds from 0, not ${preview(value)}.`;
}

function checked(delayMs: unknown): number {
  if (isDelay(delayMs)) return delayMs;
  throw new BgTasksError('INVALID_TASK', `The function "backoff" ${notADelay('result', delayMs)}`);
}
