/**
 * Whole numbers of 64 bits, which a JavaScript number cannot hold.
 *
 * Shape:  a text of digits, which is what TypeORM gives for `bigint` columns and takes for them.
 */
import { Field, usage } from './field.js';
import { bigIntOf } from './integer.js';
import { BOUND_MESSAGES, isTooLong } from './number.js';
import type { INPUT } from './related-types.js';
import type { FieldOptions, NoOptions } from './types.js';

export interface BigIntOptions extends FieldOptions {
  /** Default: -2^63. */
  readonly minValue?: bigint | number | string;
  /** Default: 2^63 - 1. */
  readonly maxValue?: bigint | number | string;
}

const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 63n - 1n;
/** Their bounds need no `BigInt`. */
const SHORT = /^(?:0|-?[1-9]\d{0,14})$/;

/** Reads numbers that JavaScript holds exactly, bigints, and texts of digits. */
export class BigIntField<const P extends BigIntOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = {
    ...BOUND_MESSAGES,
    invalid: 'A valid integer is required.',
    max_string_length: 'String value too large.',
  };
  static override readonly optionNames: readonly string[] = ['minValue', 'maxValue'];

  declare readonly [INPUT]?: string | number;

  constructor(options?: P) {
    super(options);
    const { minValue = SMALLEST, maxValue = LARGEST } = this.settings as BigIntOptions;
    const [least, most] = [BigInt(minValue), BigInt(maxValue)];
    const isWide = least <= -(10n ** 15n) && most >= 10n ** 15n;
    const isCertain = (text: string) => isWide && SHORT.test(text);
    this.refuseWhen((text: string) => !isCertain(text) && BigInt(text) > most, 'max_value', { max_value: most });
    this.refuseWhen((text: string) => !isCertain(text) && BigInt(text) < least, 'min_value', { min_value: least });
  }

  override toInternalValue(data: unknown): string {
    if (typeof data === 'string') {
      if (SHORT.test(data)) return data;
      if (isTooLong(data)) this.fail('max_string_length');
      const value = bigIntOf(data);
      return value === undefined ? this.fail('invalid') : String(value);
    }
    if (typeof data === 'bigint' || (typeof data === 'number' && Number.isSafeInteger(data)))
      return String(BigInt(data));
    return this.fail('invalid');
  }

  override toRepresentation(value: unknown): string {
    if (typeof value === 'bigint' || typeof value === 'string') return String(value);
    if (typeof value === 'number' && Number.isInteger(value)) return String(BigInt(value));
    throw usage(`BigIntField cannot show ${String(value)}.`);
  }
}
