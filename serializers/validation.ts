/**
 * The steps between reading and `validate()`, shared by serializers and their lists.
 *
 * Shape:  each runs at once where nothing is asynchronous.
 * Errors: an error without any message refuses nothing, as `throw new ValidationError(errors)` may find none.
 */
import { isValidationError } from '../fields/field.js';
import { isPromise, type MaybePromise } from '../fields/maybe-promise.js';
import type { Ctx, Validator } from '../fields/types.js';
import { type ErrorInput, NON_FIELD_ERRORS, ValidationError } from '../lib/validation-error.js';

/** All of them see the value; their lists of errors become one, a tree by field name is thrown as it is. */
export function runValidators(validators: readonly Validator[], value: unknown, ctx: Ctx): MaybePromise<void> {
  const errors: ValidationError[] = [];
  const keep = (error: unknown) => {
    if (!isValidationError(error)) throw error;
    errors.push(error);
  };
  const waiting: Promise<void>[] = [];
  for (const validate of validators) {
    try {
      const done = validate(value, ctx);
      if (isPromise(done)) waiting.push(done.then(undefined, keep));
    } catch (error) {
      keep(error);
    }
  }
  const finish = () => {
    const tree = errors.find((error) => !Array.isArray(error.errors));
    if (tree) throw tree;
    if (errors.length > 0) throw new ValidationError(errors.flatMap((error) => error.errors as ErrorInput));
  };
  return waiting.length > 0 ? Promise.all(waiting).then(finish) : finish();
}

/** Errors without a field belong to the whole. `instead` is the value where an error turns out to hold nothing. */
export function underWhole<T>(validate: () => MaybePromise<T>, instead?: () => T): MaybePromise<T> {
  const refuse = (error: unknown): T => {
    if (!isValidationError(error)) throw error;
    const { errors } = error;
    if (instead && Object.keys(errors).length === 0) return instead();
    throw Array.isArray(errors) ? new ValidationError({ [NON_FIELD_ERRORS]: errors as ErrorInput }) : error;
  };
  try {
    const value = validate();
    return isPromise(value) ? (value as Promise<T>).catch(refuse) : value;
  } catch (error) {
    return refuse(error);
  }
}
