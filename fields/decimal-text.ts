/**
 * Decimal numbers as texts, with the arithmetic that a field needs: no digit is ever lost.
 *
 * Shape:  a `Decimal` is `digits` times ten to the `exponent`; `digits` has no leading noughts, and is `0` at least.
 *         Nothing here writes out an exponent that is not bounded by its caller.
 */
import { asciiDigits, strip } from './validators.js';

export interface Decimal {
  readonly isNegative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

export const ROUNDINGS = [
  'ROUND_UP',
  'ROUND_DOWN',
  'ROUND_CEILING',
  'ROUND_FLOOR',
  'ROUND_HALF_UP',
  'ROUND_HALF_DOWN',
  'ROUND_HALF_EVEN',
  'ROUND_05UP',
] as const;

/** How a digit too many is taken away; the names are those of Python's `decimal`. */
export type Rounding = (typeof ROUNDINGS)[number];

const NUMBER = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:e([+-]?\d{1,20}))?$/i;
/** So that sums of exponents and lengths stay exact. */
const MAX_EXPONENT = 1e15;

/** undefined: no finite number. Underscores are passed over, and digits of any script are read. */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = NUMBER.exec(asciiDigits(strip(text)).replaceAll('_', ''));
  if (!parts) return undefined;
  const [, sign, whole = '', fraction = '', bare = '', power = '0'] = parts;
  const places = fraction + bare;
  const exponent = Number(power) - places.length;
  const digits = withoutLeadingNoughts(whole + places);
  if (Math.abs(exponent + digits.length) > MAX_EXPONENT) return undefined;
  return { isNegative: sign === '-', digits, exponent };
}

function withoutLeadingNoughts(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits[start] === '0') start++;
  return start === 0 ? digits : digits.slice(start);
}

/** With exactly `places` digits after the point; undefined where that takes more than `maxDigits` digits. */
export function quantized(value: Decimal, places: number, maxDigits: number, rounding: Rounding): Decimal | undefined {
  const { isNegative, digits, exponent } = value;
  const shift = exponent + places;
  if (shift >= 0) {
    if (digits !== '0' && digits.length + shift > maxDigits) return undefined;
    return { isNegative, digits: digits === '0' ? '0' : digits + '0'.repeat(shift), exponent: -places };
  }
  const kept = -shift >= digits.length ? '0' : digits.slice(0, shift);
  const rest = -shift > digits.length ? `0${digits}` : digits.slice(shift);
  const rounded = isRoundedAway(isNegative, kept, rest, rounding) ? increment(kept) : kept;
  return rounded.length > maxDigits ? undefined : { isNegative, digits: rounded, exponent: -places };
}

/** `rest` are the digits that go: their first is what counts most. */
function isRoundedAway(isNegative: boolean, kept: string, rest: string, rounding: Rounding): boolean {
  if (/^0*$/.test(rest)) return false;
  const last = Number(kept.at(-1));
  const first = Number(rest[0]);
  const isHalf = first === 5 && /^0*$/.test(rest.slice(1));
  switch (rounding) {
    case 'ROUND_UP':
      return true;
    case 'ROUND_DOWN':
      return false;
    case 'ROUND_CEILING':
      return !isNegative;
    case 'ROUND_FLOOR':
      return isNegative;
    case 'ROUND_05UP':
      return last === 0 || last === 5;
    case 'ROUND_HALF_UP':
      return first >= 5;
    case 'ROUND_HALF_DOWN':
      return first >= 5 && !isHalf;
    case 'ROUND_HALF_EVEN':
      return isHalf ? last % 2 === 1 : first >= 5;
  }
}

function increment(digits: string): string {
  return String(BigInt(digits) + 1n);
}

/** Without the noughts after its last digit. */
export function normalized({ isNegative, digits, exponent }: Decimal): Decimal {
  let end = digits.length;
  while (end > 1 && digits[end - 1] === '0') end--;
  if (digits === '0') return { isNegative, digits, exponent: 0 };
  return { isNegative, digits: digits.slice(0, end), exponent: exponent + digits.length - end };
}

/** All digits written out: `100000`, `0.0000001`. */
export function plainText({ isNegative, digits, exponent }: Decimal): string {
  const sign = isNegative ? '-' : '';
  if (exponent >= 0) return sign + (digits === '0' ? '0' : digits + '0'.repeat(exponent));
  const padded = digits.padStart(1 - exponent, '0');
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

/** As short as it can be without losing what was written: `1.10`, `2E+20`. */
export function exactText(value: Decimal): string {
  const { isNegative, digits, exponent } = value;
  const power = exponent + digits.length - 1;
  if (exponent <= 0 && power >= -6) return plainText(value);
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${isNegative ? '-' : ''}${mantissa}E${power < 0 ? '-' : '+'}${Math.abs(power)}`;
}

/** Negative, 0 or positive, as `one` is less than, equal to or greater than `other`. */
export function compareDecimals(one: Decimal, other: Decimal): number {
  const [a, b] = [signOf(one), signOf(other)];
  if (a !== b || a === 0) return a - b;
  return a * compareSizes(one, other);
}

function signOf({ isNegative, digits }: Decimal): number {
  return digits === '0' ? 0 : isNegative ? -1 : 1;
}

function compareSizes(one: Decimal, other: Decimal): number {
  const power = one.exponent + one.digits.length - other.exponent - other.digits.length;
  if (power !== 0) return power;
  const length = Math.max(one.digits.length, other.digits.length);
  const [a, b] = [one.digits.padEnd(length, '0'), other.digits.padEnd(length, '0')];
  return a < b ? -1 : a > b ? 1 : 0;
}
