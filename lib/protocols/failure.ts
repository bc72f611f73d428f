/**
 * What is known of a run that failed, as headers: on a retry, on a dead letter, and for the job that handles the failure.
 *
 * Shape:  times are epoch milliseconds. A dead letter that the broker made (too many deliveries) has only `x-death`.
 */
import type { MessageProperties } from '../broker/broker.js';

export interface Failure {
  /** The route that failed. */
  readonly route: string;
  readonly code: string;
  readonly message: string;
  /** Runs so far. */
  readonly attempts: number;
  readonly firstFailedAt: number;
  readonly failedAt: number;
}

const HEADERS = {
  route: 'bgtasks-route',
  code: 'bgtasks-error',
  message: 'bgtasks-error-message',
  attempts: 'bgtasks-attempts',
  firstFailedAt: 'bgtasks-first-failed-at',
  failedAt: 'bgtasks-failed-at',
} as const satisfies Record<keyof Failure, string>;

const MAX_MESSAGE = 2000;

export function failureHeaders(failure: Failure): Record<string, unknown> {
  const entries = Object.entries(HEADERS).map(([name, header]) => [header, failure[name as keyof Failure]]);
  return { ...Object.fromEntries(entries), [HEADERS.message]: failure.message.slice(0, MAX_MESSAGE) };
}

/** Undefined where these headers tell of none. */
export function readFailure(headers: MessageProperties['headers']): Failure | undefined {
  const code = headers?.[HEADERS.code];
  if (typeof code !== 'string') return undefined;
  return {
    route: text(headers?.[HEADERS.route]),
    code,
    message: text(headers?.[HEADERS.message]),
    attempts: number(headers?.[HEADERS.attempts]),
    firstFailedAt: number(headers?.[HEADERS.firstFailedAt]),
    failedAt: number(headers?.[HEADERS.failedAt]),
  };
}

/**
 * Headers for publishing a message once more: without what the library and the broker wrote about its failures. With the
 * `x-death` of an earlier trip RabbitMQ 3.10 drops a message as one that goes in circles.
 */
export function withoutFailure(headers: MessageProperties['headers']): Record<string, unknown> {
  const own: readonly string[] = Object.values(HEADERS);
  const isKept = (name: string) =>
    !own.includes(name) && !/^x-(death|first-death-|last-death-|delivery-count)/.test(name);
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => isKept(name)));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
