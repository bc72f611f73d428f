/** Text. */
import { EMPTY, Field, NO_CTX } from './field.js';
import type { Ctx, FieldOptions, NoOptions, Validator } from './types.js';
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

/** Reads texts, and numbers as their text. Lengths are in code points. */
export class CharField<const P extends CharOptions = NoOptions> extends Field<P> {
  static override readonly errorMessages = {
    invalid: 'Not a valid string.',
    blank: 'This field may not be blank.',
    max_length: 'Ensure this field has no more than {max_length} characters.',
    min_length: 'Ensure this field has at least {min_length} characters.',
    null_characters_not_allowed: 'Null characters are not allowed.',
    surrogate_characters_not_allowed: 'Surrogate characters are not allowed: U+{code_point}.',
  };

  readonly #checks: readonly Validator[];

  constructor(options?: P) {
    super(options);
    this.#checks = [...super.validators(), ...this.#ownChecks(this.settings as CharOptions)];
  }

  /** `''` is no value unless `allowBlank`; the validators do not see it. */
  override runValidation(data: unknown, ctx: Ctx = NO_CTX): unknown {
    const { readOnly, allowBlank, trimWhitespace = true } = this.settings as CharOptions;
    const isText = typeof data === 'string' && !readOnly && (data as unknown) !== EMPTY;
    if (isText && (data === '' || (trimWhitespace && strip(data) === ''))) return allowBlank ? '' : this.fail('blank');
    return super.runValidation(data, ctx);
  }

  override toInternalValue(data: unknown): string {
    if (typeof data !== 'string' && typeof data !== 'number') this.fail('invalid');
    const text = String(data);
    return ((this.settings as CharOptions).trimWhitespace ?? true) ? strip(text) : text;
  }

  override toRepresentation(value: unknown): string {
    return typeof value === 'string' ? value : String(value);
  }

  protected override validators(): readonly Validator[] {
    return this.#checks;
  }

  #ownChecks({ maxLength, minLength }: CharOptions): Validator[] {
    const checks: Validator[] = [];
    if (maxLength !== undefined) {
      checks.push((text: string) => {
        // A text has at most as many code points as units, which are known at once.
        if (text.length > maxLength && codePoints(text) > maxLength) this.fail('max_length', { max_length: maxLength });
      });
    }
    if (minLength !== undefined) {
      checks.push((text: string) => {
        if (codePoints(text) < minLength) this.fail('min_length', { min_length: minLength });
      });
    }
    checks.push(
      (text: string) => {
        if (text.includes('\0')) this.fail('null_characters_not_allowed');
      },
      (text: string) => {
        const unit = loneSurrogate(text);
        if (unit === undefined) return;
        this.fail('surrogate_characters_not_allowed', { code_point: unit.toString(16).toUpperCase() });
      },
    );
    return checks;
  }
}
