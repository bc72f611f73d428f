/** Numbers with a fraction. */
import { NumberField, type NumberOptions } from './number.js';
import type { NoOptions } from './types.js';
import { asciiDigits, strip } from './validators.js';

export type FloatOptions = NumberOptions;

const NUMBER = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;

/** Reads numbers, texts such as `'1.5'` and `'1e3'`, and booleans as 1 and 0. Only finite ones: JSON has no others. */
export class FloatField<const P extends FloatOptions = NoOptions> extends NumberField<P> {
  static override readonly errorMessages = { invalid: 'A valid number is required.' };

  override toInternalValue(data: unknown): number {
    this.refuseLongText(data);
    const value = typeof data === 'string' ? readNumber(data) : typeof data === 'boolean' ? Number(data) : data;
    return typeof value === 'number' && Number.isFinite(value) ? value : this.fail('invalid');
  }
}

function readNumber(text: string): number | undefined {
  const plain = asciiDigits(strip(text));
  return NUMBER.test(plain) ? Number(plain.replaceAll('_', '')) : undefined;
}
