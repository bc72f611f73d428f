/** The envelope `{ status, data }` that tasks answer with, and how to read one. */
import { TaskFailure } from './errors.js';

export const SUCCESS = 'success';
export const FAIL = 'fail';

export type Success<T> = { status: 'success'; data: T };
export type Fail<E = unknown> = { status: 'fail'; data: E };
export type Envelope<T, E = unknown> = Success<T> | Fail<E>;

/** What an answer holds once a failure is ruled out: the `data` of an envelope, or the answer itself. */
export type Unwrapped<A> = A extends { status: 'fail'; data: unknown }
  ? never
  : A extends { status: 'success'; data: infer D }
    ? D
    : A;

export function success<T>(data: T): Success<T> {
  return { status: SUCCESS, data };
}

export function fail<E>(data: E): Fail<E> {
  return { status: FAIL, data };
}

/** True unless the answer is `{ status: 'fail', ... }`. */
export function isSuccess<A>(answer: A): answer is Exclude<A, Fail<never> | Fail<unknown>> {
  return statusOf(answer) !== FAIL;
}

/** `data` of a success, the answer itself where it is no envelope; throws `TaskFailure` on `{ status: 'fail' }`. */
export function unwrap<A>(answer: A): Unwrapped<A> {
  const status = statusOf(answer);
  const data = (answer as { data?: unknown } | null)?.data;
  if (status === FAIL) throw new TaskFailure(data);
  return (status === SUCCESS ? data : answer) as Unwrapped<A>;
}

/** The status of an envelope; undefined where the value is none. Own properties only. */
export function statusOf(answer: unknown): 'success' | 'fail' | undefined {
  if (typeof answer !== 'object' || answer === null || !Object.hasOwn(answer, 'status')) return undefined;
  const { status } = answer as { status: unknown };
  return status === SUCCESS || status === FAIL ? status : undefined;
}
