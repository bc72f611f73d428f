/**
 * Decimal numbers, exact to the last digit.
 *
 * Shape:  a text such as `'12.50'`, which is what TypeORM gives for `decimal` columns and takes for them.
 */
import {
  compareDecimals,
  type Decimal,
  exactText,
  normalized,
  parseDecimal,
  plainText,
  quantized,
  ROUNDINGS,
  type Rounding,
} from './decimal-text.js';
import { Field, READ, usage } from './field.js';
import { BOUND_MESSAGES, isTooLong } from './number.js';
import type { INPUT } from './related-types.js';
import type { Ctx, FieldOptions } from './types.js';
import { strip } from './validators.js';

export interface DecimalOptions extends FieldOptions {
  /** The most digits, before and after the point together; null for any number. */
  readonly maxDigits: number | null;
  /** The most digits after the point; what is read and shown has exactly as many. Null for any number. */
  readonly decimalPlaces: number | null;
  /** Shows a text, which loses nothing; else a number. Default: true. */
  readonly coerceToString?: boolean;
  /** Shows no noughts after the last digit. Default: false. */
  readonly normalizeOutput?: boolean;
  /** What happens to digits too many when a value is shown; input is never rounded. Default: `ROUND_HALF_EVEN`. */
  readonly rounding?: Rounding;
  readonly minValue?: string | number | bigint;
  readonly maxValue?: string | number | bigint;
}

type Shown<P> = P extends { readonly coerceToString: false } ? number : string;

/** Digits that a value may have where nothing says how many. */
const DEFAULT_DIGITS = 28;
/** Beyond it the noughts of an exponent are not written out: `1e900000000` is one number, and a gigabyte of text. */
const MAX_WRITTEN_OUT = 10_000;

/** Reads numbers and texts of numbers. */
export class DecimalField<const P extends DecimalOptions> extends Field<P> {
  static override readonly errorMessages = {
    ...BOUND_MESSAGES,
    invalid: 'A valid number is required.',
    max_digits: 'Ensure that there are no more than {max_digits} digits in total.',
    max_decimal_places: 'Ensure that there are no more than {max_decimal_places} decimal places.',
    max_whole_digits: 'Ensure that there are no more than {max_whole_digits} digits before the decimal point.',
    max_string_length: 'String value too large.',
  };
  static override readonly optionNames: readonly string[] = [
    ...['maxDigits', 'decimalPlaces', 'coerceToString', 'normalizeOutput', 'rounding', 'minValue', 'maxValue'],
  ];

  declare readonly [INPUT]?: string | number;

  readonly #maxDigits: number | null;
  readonly #places: number | null;
  readonly #rounding: Rounding;

  constructor(options: P) {
    super(options);
    const {
      maxDigits,
      decimalPlaces,
      rounding = 'ROUND_HALF_EVEN',
      minValue,
      maxValue,
    } = this.settings as DecimalOptions;
    if (maxDigits === undefined || decimalPlaces === undefined) {
      throw usage('DecimalField needs "maxDigits" and "decimalPlaces"; null stands for any number of them.');
    }
    if (!ROUNDINGS.includes(rounding)) throw usage(`DecimalField: "rounding" is one of ${ROUNDINGS.join(', ')}.`);
    this.#maxDigits = maxDigits;
    this.#places = decimalPlaces;
    this.#rounding = rounding;
    this.#addBound('max_value', maxValue, 1);
    this.#addBound('min_value', minValue, -1);
  }

  /** With `allowNull`, `''` is null. */
  override [READ](data: unknown, ctx: Ctx): unknown {
    if (typeof data === 'string' && this.settings.allowNull && strip(data) === '') return null;
    return super[READ](data, ctx);
  }

  override toInternalValue(data: unknown): string {
    if (typeof data !== 'string' && typeof data !== 'number' && typeof data !== 'bigint') return this.fail('invalid');
    const text = typeof data === 'string' ? strip(data) : String(data);
    if (isTooLong(text)) this.fail('max_string_length');
    const value = parseDecimal(text) ?? this.fail('invalid');
    this.#refuseTooManyDigits(value);
    if (this.#places === null) return exactText(value);
    return plainText(this.#quantized(value, this.#places) ?? this.fail('max_digits', { max_digits: DEFAULT_DIGITS }));
  }

  /** Null is `''` as a text, as in Django REST framework; serializers show null themselves. */
  override toRepresentation(value: unknown): Shown<P> {
    const { coerceToString = true, normalizeOutput } = this.options as DecimalOptions;
    if (value === null || value === undefined) return (coerceToString ? '' : null) as Shown<P>;
    const known = parseDecimal(String(value));
    const exact = known && this.#places !== null ? this.#quantized(known, this.#places) : known;
    if (!exact) throw usage(`DecimalField with these "maxDigits" and "decimalPlaces" cannot show ${String(value)}.`);
    const shown = normalizeOutput ? normalized(exact) : exact;
    const text = Math.abs(shown.exponent) > MAX_WRITTEN_OUT ? exactText(shown) : plainText(shown);
    return (coerceToString ? text : Number(text)) as Shown<P>;
  }

  #quantized(value: Decimal, places: number): Decimal | undefined {
    return quantized(value, places, this.#maxDigits ?? DEFAULT_DIGITS, this.#rounding);
  }

  #refuseTooManyDigits({ digits, exponent }: Decimal): void {
    const [maxDigits, places] = [this.#maxDigits, this.#places];
    const after = exponent < 0 ? -exponent : 0;
    const total = exponent < 0 ? Math.max(digits.length, after) : digits.length + exponent;
    if (maxDigits !== null && total > maxDigits) this.fail('max_digits', { max_digits: maxDigits });
    if (places !== null && after > places) this.fail('max_decimal_places', { max_decimal_places: places });
    if (maxDigits === null || places === null) return;
    const before = maxDigits - places;
    if (total - after > before) this.fail('max_whole_digits', { max_whole_digits: before });
  }

  #addBound(code: 'min_value' | 'max_value', limit: string | number | bigint | undefined, side: 1 | -1): void {
    if (limit === undefined || limit === null) return;
    const bound = parseDecimal(String(limit));
    if (!bound) throw usage(`DecimalField: a bound is a number or its text, not ${String(limit)}.`);
    this.refuseWhen((text: string) => side * compareDecimals(parseDecimal(text) as Decimal, bound) > 0, code, {
      [code]: limit,
    });
  }
}
