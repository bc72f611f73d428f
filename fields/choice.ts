/** One of a set of values. */
import { EMPTY, Field, NO_CTX } from './field.js';
import type { Ctx, FieldOptions } from './types.js';

type Choice = string | number | boolean;

export interface ChoiceOptions extends FieldOptions {
  /** The values, or an object of texts by value: `{ draft: 'Not yet public' }`. */
  readonly choices: readonly Choice[] | Readonly<Record<string, string>>;
  /** Whether `''` is a value. Default: false. */
  readonly allowBlank?: boolean;
}

type ChoiceOf<P extends ChoiceOptions> =
  | (P['choices'] extends readonly (infer C)[] ? C : keyof P['choices'] & string)
  | (P extends { readonly allowBlank: true } ? '' : never);

/** Reads one of `choices`; they are compared as texts, so `'1'` reads the choice `1`. */
export class ChoiceField<const P extends ChoiceOptions> extends Field<P> {
  static override readonly errorMessages = { invalid_choice: '"{input}" is not a valid choice.' };

  readonly #byText: ReadonlyMap<string, Choice>;

  constructor(options: P) {
    super(options);
    const { choices } = options;
    const values = Array.isArray(choices) ? (choices as readonly Choice[]) : Object.keys(choices);
    this.#byText = new Map(values.map((value) => [String(value), value]));
  }

  override runValidation(data: unknown, ctx: Ctx = NO_CTX): unknown {
    const { allowBlank, allowNull, readOnly } = this.options as ChoiceOptions;
    if (data === '' && !readOnly && !this.#byText.has('')) {
      if (allowBlank) return '';
      if (allowNull) return null;
    }
    return super.runValidation(data, ctx);
  }

  override toInternalValue(data: unknown): ChoiceOf<P> {
    const isScalar = typeof data !== 'object' && data !== EMPTY;
    const value = isScalar ? this.#byText.get(String(data)) : undefined;
    if (value === undefined) this.fail('invalid_choice', { input: isScalar ? data : JSON.stringify(data) });
    return value as ChoiceOf<P>;
  }

  /** A stored value that is no choice any more is shown as it is. */
  override toRepresentation(value: unknown): ChoiceOf<P> {
    return (this.#byText.get(String(value)) ?? value) as ChoiceOf<P>;
  }
}
