/**
 * Some of a set of values.
 *
 * Shape:  a list without doubles, in the order of the input, where Python has a set.
 * Errors: the first wrong choice is reported, not all of them.
 */
import type { ChoiceOf, ChoiceOptions } from './choice.js';
import { ChoiceBase } from './choice-base.js';
import { typeName } from './type-name.js';

export interface MultipleChoiceOptions extends ChoiceOptions {
  /** Whether `[]` is a value. Default: true. */
  readonly allowEmpty?: boolean;
}

/** Reads a list of `choices`; of an object its keys are read. */
export class MultipleChoiceField<const P extends MultipleChoiceOptions> extends ChoiceBase<P> {
  static override readonly errorMessages = {
    not_a_list: 'Expected a list of items but got type "{input_type}".',
    empty: 'This selection may not be empty.',
  };
  static override readonly optionNames: readonly string[] = ['choices', 'allowEmpty'];

  constructor(options: P) {
    super(options, options?.choices);
  }

  override toInternalValue(data: unknown): ChoiceOf<P>[] {
    const items = itemsOf(data) ?? this.fail('not_a_list', { input_type: typeName(data) });
    if (items.length === 0 && (this.settings as MultipleChoiceOptions).allowEmpty === false) this.fail('empty');
    return [...new Set(items.map((item) => this.readChoice(item)))] as ChoiceOf<P>[];
  }

  override toRepresentation(value: unknown): ChoiceOf<P>[] {
    const shown = Array.from(value as Iterable<unknown>, (item) => this.showChoice(item));
    return [...new Set(shown)] as ChoiceOf<P>[];
  }
}

function itemsOf(data: unknown): readonly unknown[] | undefined {
  if (Array.isArray(data)) return data;
  if (data instanceof Set || data instanceof Map) return [...data.keys()];
  return typeof data === 'object' && data !== null ? Object.keys(data) : undefined;
}
