/**
 * T as it is after a trip through JSON: a `Date` is a string, methods are gone.
 * Answers have this type, so that no `Date` is promised that never arrives.
 */
export type Json<T> = unknown extends T
  ? T
  : // biome-ignore lint/suspicious/noConfusingVoidType: a handler without an answer has this type
    T extends string | number | boolean | null | undefined | void
    ? T
    : T extends { toJSON(): infer J }
      ? Json<J>
      : T extends bigint | symbol | ((...args: never[]) => unknown)
        ? never
        : T extends readonly unknown[]
          ? { [K in keyof T]: Json<T[K]> }
          : { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: Json<T[K]> };
