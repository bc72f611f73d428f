/** Whole numbers. */
import { NumberField, type NumberOptions } from './number.js';
import type { NoOptions } from './types.js';
import { asciiDigits, strip } from './validators.js';

export type IntegerOptions = NumberOptions;

/**
 * Reads whole numbers, and texts such as `'3'` and `'3.0'`. A number that JavaScript cannot hold exactly is refused
 * rather than changed: a column of 64 bits travels as text.
 */
export class IntegerField<const P extends IntegerOptions = NoOptions> extends NumberField<P> {
  static override readonly errorMessages = { invalid: 'A valid integer is required.' };

  override toInternalValue(data: unknown): number {
    this.refuseLongText(data);
    const value = typeof data === 'string' ? readInteger(data) : data;
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return this.fail('invalid');
    return value + 0; // -0 becomes 0
  }

  override toRepresentation(value: unknown): number {
    return Math.trunc(super.toRepresentation(value)) + 0;
  }
}

function readInteger(text: string): number | undefined {
  const digits = asciiDigits(strip(text)).replace(/\.0*$/, '');
  return /^[+-]?\d+(?:_\d+)*$/.test(digits) ? Number(digits.replaceAll('_', '')) : undefined;
}
