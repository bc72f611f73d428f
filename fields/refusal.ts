/**
 * Refused values as they are passed around inside: a `ValidationError` in all but its price.
 *
 * A request may hold thousands of wrong values. A stack of calls says nothing about any of them and takes longer than
 * all the checks, and nobody reads the message of an error whose tree becomes part of a larger one: so there is no
 * stack, and the message is made when it is asked for. To throw costs as much again, so that inside a refusal is
 * returned in place of the value; what people write, and what they call, throws.
 */
import { preview } from '../lib/errors.js';
import { forsake, isPromise, type MaybePromise } from '../lib/maybe-promise.js';
import { type ErrorTree, ValidationError } from '../lib/validation-error.js';

type RefusalClass = new (errors: ErrorTree) => ValidationError;

/** No class, as every class below `Error` captures the stack when it is made. */
const Refusal = function (this: { errors: ErrorTree }, errors: ErrorTree) {
  this.errors = errors;
} as unknown as RefusalClass & { prototype: object };

Refusal.prototype = Object.create(ValidationError.prototype, {
  constructor: { value: ValidationError },
  name: { value: 'ValidationError' },
  code: { value: 'VALIDATION' },
  details: { value: Object.freeze({}) },
  message: {
    get(this: ValidationError): string {
      return `The input is not valid: ${preview(this.messages)}`;
    },
  },
  stack: {
    get(this: ValidationError): string {
      return `${this.name}: ${this.message}`;
    },
  },
});

/** `errors` is a tree as it stands in `ValidationError.errors`. */
export function refusal(errors: ErrorTree): ValidationError {
  return new Refusal(errors);
}

/** True for what stands in place of a value. */
export function isRefusal(value: unknown): value is ValidationError {
  return value instanceof ValidationError;
}

/** True for an error without any message, as `new ValidationError(found)` may hold none: it refuses nothing. */
export function holdsNothing({ errors }: ValidationError): boolean {
  return Array.isArray(errors) ? errors.length === 0 : Object.keys(errors).length === 0;
}

/** True for an error that refuses input; by code, as two copies of the package may be loaded. */
export function isValidationError(error: unknown): error is ValidationError {
  return isRefusal(error) || (error as { code?: unknown } | null)?.code === 'VALIDATION';
}

/** What was thrown, as a refusal; whatever is none, a bug for one, is thrown on. */
export function caught(error: unknown): ValidationError {
  if (!isValidationError(error)) throw error;
  return isRefusal(error) ? error : refusal((error as ValidationError).errors);
}

/** What `run` gives, and the refusal itself where it throws one or rejects with it. */
export function attempt<T>(run: () => MaybePromise<T>): MaybePromise<T | ValidationError> {
  try {
    const value = run();
    return isPromise(value) ? (value as Promise<T>).catch(caught) : value;
  } catch (error) {
    return caught(error);
  }
}

/** What `run` makes of each; where one throws, nobody waits any more for those before it. */
export function runEach<T>(items: readonly T[], run: (item: T) => unknown): unknown[] {
  const made: unknown[] = [];
  try {
    for (const item of items) made.push(run(item));
  } catch (error) {
    forsake(made);
    throw error;
  }
  return made;
}

/** The way back: the value, or the refusal thrown. */
export function orThrow<T>(value: MaybePromise<T | ValidationError>): MaybePromise<T> {
  if (isPromise(value)) return (value as Promise<T | ValidationError>).then(orThrow<T>);
  if (isRefusal(value)) throw value;
  return value as T;
}
