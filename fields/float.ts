/** Numbers with a fraction. */
import { usage } from './field.js';
import { NumberField, type NumberOptions } from './number.js';
import type { NoOptions } from './types.js';
import { asciiDigits, strip } from './validators.js';

export type FloatOptions = NumberOptions;

const NUMBER = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const SPECIAL = /^([+-]?)(?:(inf|infinity)|nan)$/i;

/**
 * Reads numbers, texts such as `'1.5'`, `'1e3'`, `'inf'` and `'nan'`, and booleans as 1 and 0. JSON has no word for
 * infinities and NaN: bounds keep the former out, a validator the latter.
 */
export class FloatField<const P extends FloatOptions = NoOptions> extends NumberField<P> {
  static override readonly errorMessages = { invalid: 'A valid number is required.' };
  static override readonly optionNames: readonly string[] = [];

  override toInternalValue(data: unknown): number {
    if (typeof data === 'number') return data;
    if (typeof data === 'string') this.refuseLongText(data);
    return numberOf(data) ?? this.fail('invalid');
  }

  override toRepresentation(value: unknown): number {
    if (typeof value === 'number') return value;
    const shown = numberOf(value);
    if (shown === undefined)
      throw usage(`FloatField cannot show ${typeof value === 'string' ? JSON.stringify(value) : String(value)}.`);
    return shown;
  }
}

function numberOf(data: unknown): number | undefined {
  if (typeof data === 'string') return readNumber(data);
  if (typeof data === 'boolean') return Number(data);
  if (typeof data !== 'bigint') return undefined;
  const value = Number(data);
  return Number.isFinite(value) ? value : undefined;
}

function readNumber(text: string): number | undefined {
  const plain = asciiDigits(strip(text));
  if (NUMBER.test(plain)) return Number(plain.replaceAll('_', ''));
  const special = SPECIAL.exec(plain);
  if (!special) return undefined;
  if (special[2] === undefined) return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
