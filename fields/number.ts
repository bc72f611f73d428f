/** What numbers have in common: bounds, and a limit on the length of a text. */
import { Field } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';
import { codePoints } from './validators.js';

export interface NumberOptions extends FieldOptions {
  readonly minValue?: number;
  readonly maxValue?: number;
}

/** A longer text is refused before it is read. */
const MAX_STRING_LENGTH = 1000;

export const BOUND_MESSAGES = {
  max_value: 'Ensure this value is less than or equal to {max_value}.',
  min_value: 'Ensure this value is greater than or equal to {min_value}.',
} as const;

/** True for a text that is not worth reading. */
export function isTooLong(text: string): boolean {
  return text.length > MAX_STRING_LENGTH && codePoints(text) > MAX_STRING_LENGTH;
}

/** Base of `IntegerField` and `FloatField`. */
export abstract class NumberField<P extends NumberOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages: Readonly<Record<string, string>> = {
    ...BOUND_MESSAGES,
    max_string_length: 'String value too large.',
  };
  static override readonly optionNames: readonly string[] = ['minValue', 'maxValue'];

  constructor(options?: P) {
    super(options);
    const { minValue, maxValue } = this.settings as NumberOptions;
    if (maxValue !== undefined && maxValue !== null) {
      this.refuseWhen((value: number) => value > maxValue, 'max_value', { max_value: maxValue });
    }
    if (minValue !== undefined && minValue !== null) {
      this.refuseWhen((value: number) => value < minValue, 'min_value', { min_value: minValue });
    }
  }

  protected refuseLongText(text: string): void {
    if (isTooLong(text)) this.fail('max_string_length');
  }
}
