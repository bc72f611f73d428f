/** One of a set of values. */
import { ChoiceBase } from './choice-base.js';
import type { Choices, ValueOf } from './choices.js';
import type { FieldOptions } from './types.js';

export interface ChoiceOptions extends FieldOptions {
  /** Values, `[value, label]`, groups of them `[name, [...]]`; or an object of labels by value. */
  readonly choices: Choices;
  /** Whether `''` is a value. Default: false. */
  readonly allowBlank?: boolean;
}

/** The value of one choice. */
export type ChoiceOf<P extends ChoiceOptions> =
  | ValueOf<P['choices']>
  | (P extends { readonly allowBlank: true } ? '' : never);

/** Reads one of `choices`; they are compared as texts, so `'1'` reads the choice `1`. */
export class ChoiceField<const P extends ChoiceOptions> extends ChoiceBase<P> {
  static override readonly optionNames: readonly string[] = ['choices'];

  constructor(options: P) {
    super(options, options?.choices);
  }

  override toInternalValue(data: unknown): ChoiceOf<P> {
    return this.readChoice(data) as ChoiceOf<P>;
  }

  override toRepresentation(value: unknown): ChoiceOf<P> {
    return this.showChoice(value) as ChoiceOf<P>;
  }
}
