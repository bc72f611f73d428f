/** What fields with a set of values have in common: which text stands for which value. */
import { type Choice, type Choices, choicesByText, choiceText } from './choices.js';
import { Field } from './field.js';
import type { FieldOptions, NoOptions } from './types.js';

/** Base of `ChoiceField`, `MultipleChoiceField` and `EnumField`. */
export abstract class ChoiceBase<P = NoOptions> extends Field<P> {
  static override readonly errorMessages: Readonly<Record<string, string>> = {
    invalid_choice: '"{input}" is not a valid choice.',
  };
  static override readonly optionNames: readonly string[] = ['allowBlank'];

  readonly #byText: ReadonlyMap<string, Choice>;

  constructor(options: P, choices: Choices | undefined) {
    super(options);
    this.#byText = choicesByText(this.constructor.name, choices);
  }

  protected readChoice(data: unknown): unknown {
    if (data === '' && (this.settings as FieldOptions & { allowBlank?: boolean }).allowBlank) return '';
    const text = typeof data === 'string' ? data : choiceText(data);
    const value = text === undefined ? undefined : this.#byText.get(text);
    return value === undefined ? this.fail('invalid_choice', { input: inputText(data) }) : value;
  }

  /** A stored value that is no choice any more is shown as it is. */
  protected showChoice(value: unknown): unknown {
    const text = value === '' ? undefined : choiceText(value);
    const known = text === undefined ? undefined : this.#byText.get(text);
    return known === undefined ? value : known;
  }
}

/** As JavaScript writes it, and JSON for lists and objects. */
function inputText(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  try {
    return JSON.stringify(data);
  } catch {
    return Object.prototype.toString.call(data); // too deep, or with a bigint in it
  }
}
