/** What integers and floats have in common: bounds, and a limit on the length of a text. */
import { Field } from './field.js';
import type { FieldOptions, NoOptions, Validator } from './types.js';

export interface NumberOptions extends FieldOptions {
  readonly minValue?: number;
  readonly maxValue?: number;
}

/** A longer text is refused before it is read. */
const MAX_STRING_LENGTH = 1000;

/** Base of `IntegerField` and `FloatField`. */
export abstract class NumberField<P extends NumberOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages: Readonly<Record<string, string>> = {
    max_value: 'Ensure this value is less than or equal to {max_value}.',
    min_value: 'Ensure this value is greater than or equal to {min_value}.',
    max_string_length: 'String value too large.',
  };

  readonly #checks: readonly Validator[];

  constructor(options?: P) {
    super(options);
    const { minValue, maxValue } = this.settings as NumberOptions;
    const checks: Validator[] = [...super.validators()];
    if (maxValue !== undefined) {
      checks.push((value: number) => {
        if (value > maxValue) this.fail('max_value', { max_value: maxValue });
      });
    }
    if (minValue !== undefined) {
      checks.push((value: number) => {
        if (value < minValue) this.fail('min_value', { min_value: minValue });
      });
    }
    this.#checks = checks;
  }

  protected override validators(): readonly Validator[] {
    return this.#checks;
  }

  protected refuseLongText(data: unknown): void {
    if (typeof data === 'string' && data.length > MAX_STRING_LENGTH) this.fail('max_string_length');
  }

  /** A number as it is; a text that a driver gave for one, as the number it says. */
  override toRepresentation(value: unknown): number {
    return typeof value === 'number' ? value : Number(value);
  }
}
