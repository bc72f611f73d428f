/**
 * Validators of the recorded cases.
 *
 * Shape:  `validatorOf({ validator, ... }, name)` is a validator as the option `validators` takes it; `name` is that of
 *         the field, which one message needs.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Validator } from '../../fields/types.js';
import { type ErrorInput, ValidationError } from '../../lib/validation-error.js';
import { type Decoders, decode } from './tags.js';

export interface ValidatorDescription {
  readonly validator: string;
  readonly [fact: string]: unknown;
}

/** Refuses with `detail`: a text, a list or an object. */
export function refuse(detail: unknown, code: unknown): never {
  throw new ValidationError(detail as ErrorInput, typeof code === 'string' ? code : 'invalid');
}

export function validatorOf(description: ValidatorDescription, name = '', own: Decoders = {}): Validator {
  const { validator, detail, code, limit } = description;
  const size = limit as number;
  switch (validator) {
    case 'multiple_of': {
      const base = description.base as number;
      return (value: number) => {
        if (value % base !== 0) refuse(`This field must be a multiple of ${base}.`, 'invalid');
      };
    }
    case 'reject': {
      const rejected = decode(description.value, own);
      return (value) => {
        if (isDeepStrictEqual(value, rejected)) refuse(detail, code);
      };
    }
    case 'always':
      return () => refuse(detail, code);
    case 'always_django': {
      const params = (description.params ?? {}) as Record<string, unknown>;
      const filled = [detail]
        .flat()
        .map((text) => String(text).replace(/%\((\w+)\)s/g, (_, key) => String(params[key])));
      return () => refuse(filled, code);
    }
    case 'differs_from_context':
      return (value, { context }) => {
        if (value === context[description.key as string]) refuse(`The value of ${name} is taken.`, 'taken');
      };
    case 'django_min_value':
      return (value) => {
        if (value < size) refuse(`Ensure this value is greater than or equal to ${size}.`, 'min_value');
      };
    case 'django_max_value':
      return (value) => {
        if (value > size) refuse(`Ensure this value is less than or equal to ${size}.`, 'max_value');
      };
    case 'django_min_length':
      return (value: string) => {
        if (value.length < size) refuse(lengthMessage('least', size, value.length), 'min_length');
      };
    case 'django_max_length':
      return (value: string) => {
        if (value.length > size) refuse(lengthMessage('most', size, value.length), 'max_length');
      };
    case 'django_regex': {
      const pattern = new RegExp(description.pattern as string);
      return (value) => {
        if (!pattern.test(String(value))) refuse(description.message ?? 'Enter a valid value.', code);
      };
    }
    default:
      throw new Error(`Unknown validator ${validator}`);
  }
}

function lengthMessage(bound: string, limit: number, length: number): string {
  return `Ensure this value has at ${bound} ${limit} character${limit === 1 ? '' : 's'} (it has ${length}).`;
}
