/**
 * Lists of choices, in every form that Django REST framework takes.
 *
 * Shape:  `[1, 2]`, `[[1, 'One'], [2, 'Two']]`, `[['Group', [[1, 'One']]]]`, mixed, or `{ draft: 'Not yet public' }`.
 * Errors: `USAGE` for what is neither.
 */
import { usage } from './options.js';

export type Choice = string | number | boolean | null;

/** A value, or a value with its label. */
export type ChoiceEntry = Choice | readonly [value: Choice, label: string];

/** An entry, or a group of them with its name. */
export type ChoiceItem = ChoiceEntry | readonly [name: string, readonly ChoiceEntry[]];

export type Choices = readonly ChoiceItem[] | Readonly<Record<string, string>>;

type EntryValue<I> = I extends readonly [infer V, string] ? V : I;
type ItemValue<I> = I extends readonly [unknown, readonly (infer G)[]] ? EntryValue<G> : EntryValue<I>;

/** The values among which is chosen. */
export type ValueOf<C> = C extends readonly (infer I)[] ? ItemValue<I> : keyof C & string;

/** Values by the text that stands for them; of two with one text the later counts. */
export function choicesByText(owner: string, choices: Choices | undefined): ReadonlyMap<string, Choice> {
  if (typeof choices !== 'object' || choices === null) throw usage(`${owner} needs "choices", a list or an object.`);
  const values = Array.isArray(choices) ? choices.flatMap((item) => valuesOf(owner, item)) : Object.keys(choices);
  return new Map(values.map((value) => [choiceText(value) as string, value]));
}

function valuesOf(owner: string, item: ChoiceItem): readonly Choice[] {
  if (!Array.isArray(item)) return [item as Choice];
  const [value, label] = item as unknown as [Choice, string | readonly ChoiceEntry[]];
  if (item.length !== 2) throw usage(`${owner}: a choice is a value, [value, label] or [group, choices].`);
  return Array.isArray(label) ? label.flatMap((each) => valuesOf(owner, each)) : [value];
}

/**
 * The text that stands for a value; undefined for lists and objects, which no text stands for. `True`, `False` and
 * `None` are those of Django, which knows no other texts for such choices.
 */
export function choiceText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
    case 'bigint':
      return String(value);
    default:
      return value === null ? 'None' : undefined;
  }
}
