/** What serializers themselves say about input; options `errorMessages` replace a text by its code. */
import { filledMessage } from '../fields/messages.js';
import { refusal } from '../fields/refusal.js';
import { type ErrorDetail, NON_FIELD_ERRORS, type ValidationError } from '../lib/validation-error.js';

const MESSAGES = {
  null: 'This field may not be null.',
  invalid: 'Invalid data. Expected a dictionary, but got {datatype}.',
  not_a_list: 'Expected a list of items but got type "{input_type}".',
  empty: 'This list may not be empty.',
  max_length: 'Ensure this field has no more than {max_length} elements.',
  min_length: 'Ensure this field has at least {min_length} elements.',
} as const;

export type ErrorMessages = Readonly<Record<string, string>>;

export function messageOf(code: keyof typeof MESSAGES, facts: object, own: ErrorMessages = {}): ErrorDetail {
  const text = Object.hasOwn(own, code) ? (own[code] as string) : MESSAGES[code];
  return { message: filledMessage(code, text, facts as Readonly<Record<string, unknown>>), code };
}

/** An error of the whole. */
export function wholeRefused(code: keyof typeof MESSAGES, facts: object, own?: ErrorMessages): ValidationError {
  return refusal({ [NON_FIELD_ERRORS]: [messageOf(code, facts, own)] });
}
