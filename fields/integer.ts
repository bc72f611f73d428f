/** Whole numbers. */
import { usage } from './field.js';
import { NumberField, type NumberOptions } from './number.js';
import type { NoOptions } from './types.js';
import { asciiDigits, strip } from './validators.js';

export type IntegerOptions = NumberOptions;

const PLAIN = /^-?\d{1,15}$/;
const DIGITS = /^[+-]?\d+(?:_\d+)*$/;
/** The fraction of `'1.0'`, which takes nothing away. */
const NO_FRACTION = /\.0*$/;

/**
 * Reads whole numbers, and texts such as `'3'` and `'3.0'`. A number that JavaScript cannot hold exactly is refused
 * rather than changed: a column of 64 bits has a `BigIntField`.
 */
export class IntegerField<const P extends IntegerOptions = NoOptions> extends NumberField<P> {
  static override readonly errorMessages = { invalid: 'A valid integer is required.' };
  static override readonly optionNames: readonly string[] = [];

  override toInternalValue(data: unknown): number {
    if (typeof data === 'string') this.refuseLongText(data);
    const value = wholeNumber(data);
    if (value === undefined) return this.fail('invalid');
    if (Number.isSafeInteger(value)) return value + 0; // -0 becomes 0
    return this.#refuseUnsafe(value);
  }

  /** A number as it is, a text that a driver gave for one as the number it says; beyond 2^53 it stays a text. */
  override toRepresentation(value: unknown): number {
    if (typeof value === 'number' && Number.isFinite(value)) return Math.trunc(value) + 0;
    const exact = typeof value === 'string' ? bigIntOf(value) : typeof value === 'bigint' ? value : undefined;
    const shown =
      exact === undefined
        ? Math.trunc(typeof value === 'string' ? Number(value) : Number(value ?? Number.NaN))
        : Number(exact);
    if (Number.isSafeInteger(shown)) return shown + 0;
    if (exact !== undefined) return String(exact) as unknown as number;
    throw usage(`IntegerField cannot show ${typeof value === 'string' ? JSON.stringify(value) : String(value)}.`);
  }

  /** Where a bound refuses it as well, that says more. */
  #refuseUnsafe(value: number): never {
    const { minValue, maxValue } = this.settings as NumberOptions;
    if (maxValue !== undefined && value > maxValue) this.fail('max_value', { max_value: maxValue });
    if (minValue !== undefined && value < minValue) this.fail('min_value', { min_value: minValue });
    return this.fail('invalid');
  }
}

function wholeNumber(data: unknown): number | undefined {
  if (typeof data === 'number') return Number.isInteger(data) ? data : undefined;
  if (typeof data === 'string') {
    if (PLAIN.test(data)) return Number(data);
    const digits = wholeText(data);
    return digits === undefined ? undefined : Number(digits);
  }
  return typeof data === 'bigint' ? Number(data) : undefined;
}

/** ASCII digits with a sign, as Python's `int()` reads them once a fraction of noughts is off; undefined: no integer. */
export function wholeText(text: string): string | undefined {
  const digits = strip(asciiDigits(strip(text)).replace(NO_FRACTION, ''));
  return DIGITS.test(digits) ? digits.replaceAll('_', '') : undefined;
}

/** As `BigInt` reads it, which knows no `+`. */
export function bigIntOf(text: string): bigint | undefined {
  const digits = wholeText(text);
  return digits === undefined ? undefined : BigInt(digits.replace('+', ''));
}
