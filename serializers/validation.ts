/**
 * The steps of validating a whole, shared by serializers and their lists. A refusal is given in place of the value.
 *
 * Shape:  each runs at once where nothing is asynchronous.
 */

import { attempt, holdsNothing, isRefusal, refusal } from '../fields/refusal.js';
import { chain, type MaybePromise } from '../lib/maybe-promise.js';
import { NON_FIELD_ERRORS, type ValidationError } from '../lib/validation-error.js';

/** The value, or what refuses it. */
export type Verdict<T> = MaybePromise<T | ValidationError>;

/** `next(value)`, unless the value was refused. */
export function whenValid<T, R>(verdict: Verdict<T>, next: (value: T) => Verdict<R>): Verdict<R> {
  return chain(verdict, (value): Verdict<R> => (isRefusal(value) ? value : next(value)));
}

/** Errors without a field belong to the whole. */
export function ofWhole<T>(verdict: Verdict<T>): Verdict<T> {
  return chain(verdict, (value): T | ValidationError =>
    isRefusal(value) && Array.isArray(value.errors) ? refusal({ [NON_FIELD_ERRORS]: value.errors }) : value,
  );
}

/** What a hook makes of `value`. */
export function hooked<T>(value: T, hook: (value: T) => MaybePromise<T>): Verdict<T> {
  const given = attempt(() => hook(value));
  return chain(given, (one): T | ValidationError => (isRefusal(one) && holdsNothing(one) ? value : one));
}
