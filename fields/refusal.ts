/**
 * Refused values as they are thrown inside: a `ValidationError` in all but its price.
 *
 * A request may hold thousands of wrong values. A stack of calls says nothing about any of them and takes longer than
 * all the checks, and nobody reads the message of an error whose tree becomes part of a larger one: so there is no
 * stack, and the message is made when it is asked for.
 */
import { preview } from '../lib/errors.js';
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
