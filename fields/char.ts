/** Text. */
import { Field, READ } from './field.js';
import type { Ctx, FieldOptions, NoOptions } from './types.js';
import { codePoints, loneSurrogate, strip } from './validators.js';

export interface CharOptions extends FieldOptions {
  /** The most code points. */
  readonly maxLength?: number;
  /** The fewest code points. */
  readonly minLength?: number;
  /** Whether `''` is a value. Default: false. */
  readonly allowBlank?: boolean;
  /** White space at both ends is removed. Default: true. */
  readonly trimWhitespace?: boolean;
}

/** Reads texts, and numbers as JavaScript writes them. Lengths are in code points. */
export class CharField<const P extends CharOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages: Readonly<Record<string, string>> = {
    invalid: 'Not a valid string.',
    blank: 'This field may not be blank.',
    max_length: 'Ensure this field has no more than {max_length} characters.',
    min_length: 'Ensure this field has at least {min_length} characters.',
    null_characters_not_allowed: 'Null characters are not allowed.',
    surrogate_characters_not_allowed: 'Surrogate characters are not allowed: U+{code_point}.',
  };
  static override readonly optionNames: readonly string[] = ['maxLength', 'minLength', 'allowBlank', 'trimWhitespace'];

  readonly #trims: boolean;

  constructor(options?: P) {
    super(options);
    const { maxLength, minLength, trimWhitespace = true } = this.settings as CharOptions;
    this.#trims = trimWhitespace;
    if (maxLength !== undefined && maxLength !== null) {
      // A text has at most as many code points as units, which are known at once.
      const isTooLong = (text: string) => text.length > maxLength && codePoints(text) > maxLength;
      this.refuseWhen(isTooLong, 'max_length', { max_length: maxLength });
    }
    if (minLength !== undefined && minLength !== null) {
      this.refuseWhen((text: string) => codePoints(text) < minLength, 'min_length', { min_length: minLength });
    }
    this.refuseWhen((text: string) => text.includes('\0'), 'null_characters_not_allowed');
    this.checks.push(this.#refuseSurrogates);
  }

  /** `''` is no value unless `allowBlank`; the validators do not see it. */
  override [READ](data: unknown, ctx: Ctx): unknown {
    if (typeof data === 'string' && (data === '' || (this.#trims && strip(data) === ''))) {
      return (this.settings as CharOptions).allowBlank ? '' : this.refused('blank');
    }
    return super[READ](data, ctx);
  }

  override toInternalValue(data: unknown): string {
    if (typeof data === 'string') return this.#trims ? strip(data) : data;
    return typeof data === 'number' || typeof data === 'bigint' ? String(data) : this.fail('invalid');
  }

  override toRepresentation(value: unknown): string {
    if (typeof value === 'string') return value;
    return typeof value === 'object' && value !== null ? objectText(value) : String(value);
  }

  readonly #refuseSurrogates = (text: string) => {
    const unit = loneSurrogate(text);
    if (unit === undefined) return undefined;
    return this.refused('surrogate_characters_not_allowed', { code_point: unit.toString(16).toUpperCase() });
  };
}

/** A date in ISO 8601, lists and plain objects as JSON, what has a text of its own as that. */
function objectText(value: object): string {
  if (value instanceof Date) return value.toISOString();
  const isPlain = Array.isArray(value) || String(value) === '[object Object]';
  return isPlain ? JSON.stringify(value) : String(value);
}
