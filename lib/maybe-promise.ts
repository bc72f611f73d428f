/** Work that is synchronous unless something in it is not: nothing here makes a promise of its own. */

export type MaybePromise<T> = T | Promise<T>;

export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** `next(value)`, at once or when the promise is fulfilled. */
export function chain<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? (value as Promise<T>).then(next) : next(value);
}

/** An error ends the work at once: nobody waits for these any more, and they must not end the process. */
export function forsake(values: readonly unknown[]): void {
  for (const value of values) if (isPromise(value)) value.catch(() => {});
}
