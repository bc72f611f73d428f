/** A column that has no field of its own kind: its value passes through. */
import { Field } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';
import { codePoints } from './validators.js';

export interface ModelFieldOptions extends FieldOptions {
  /** The most code points of a text. */
  readonly maxLength?: number;
}

/**
 * Shows a column as its driver gives it: 64-bit integers and decimals stay texts, so that no digit is lost; a `Date`
 * is ISO 8601. Input passes to the database as it is, but for its length; only scalars are taken.
 */
export class ModelField<const P extends ModelFieldOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = {
    max_length: 'Ensure this field has no more than {max_length} characters.',
  };
  static override readonly optionNames: readonly string[] = ['maxLength'];

  override toInternalValue(data: unknown): unknown {
    if (typeof data === 'object') this.fail('invalid');
    const { maxLength } = this.settings as ModelFieldOptions;
    if (maxLength !== undefined && codePoints(String(data)) > maxLength) {
      this.fail('max_length', { max_length: maxLength });
    }
    return data;
  }

  override toRepresentation(value: unknown): unknown {
    if (typeof value === 'bigint') return String(value);
    return value instanceof Date ? value.toISOString() : value;
  }
}
