/**
 * Where we differ from Django REST framework on purpose: one entry per rule, none per case.
 *
 * Shape:  `applies` says which cases a rule is about; `ours` is such a case as we answer it. The runner holds us to that,
 *         and refuses a rule where the recorded answer is ours as well. The first rule that applies counts.
 */
import { isDeepStrictEqual } from 'node:util';
import type { FieldCase } from './cases.js';
import { decode, microsecondsIn, milliseconds, tagOf } from './tags.js';

export interface Difference<C = FieldCase> {
  readonly rule: string;
  readonly reason: string;
  applies(recorded: C): boolean;
  ours(recorded: C): C;
}

export function differenceFor<C>(differences: readonly Difference<C>[], recorded: C): Difference<C> | undefined {
  return differences.find((each) => each.applies(recorded));
}

/** A rule by what it makes of a case: undefined, or the same, where it has nothing to say. */
interface Rule {
  readonly rule: string;
  readonly reason: string;
  ours(recorded: FieldCase): FieldCase | undefined;
}

const RULES: readonly Rule[] = [
  {
    rule: 'a number without a fraction is a whole number',
    reason: '`1.0` is `1` in JavaScript, and after `JSON.parse`: nothing can tell that it was written with a fraction.',
    ours(recorded) {
      if (!hasMark(recorded, 'integral-float')) return undefined;
      if (isText(recorded)) return answer(recorded, String(decode(recorded.input)));
      if (isChoice(recorded)) return recorded.errors ? chosen(recorded) : undefined;
      if (recorded.field === 'DecimalField' && recorded.errors) return withoutFraction(recorded);
      return undefined;
    },
  },
  {
    rule: 'values are written as JavaScript writes them',
    reason:
      'Texts of values and messages are for JavaScript programs: `true`, `null`, `1e-7`, JSON for lists and objects.',
    ours(recorded) {
      if (isChoice(recorded) && hasMark(recorded, 'python-text') && recorded.errors) return chosen(recorded);
      if (hasMark(recorded, 'python-text') && isText(recorded)) return answer(recorded, textOf(decode(recorded.input)));
      return recorded.op === 'to_representation' && isTextChild(recorded)
        ? answer(recorded, textsIn(decode(recorded.input)))
        : undefined;
    },
  },
  {
    rule: 'whole numbers are those that JavaScript holds exactly',
    reason:
      'A number beyond 2^53 would be changed silently: `BigIntField` reads such as texts, and JSON has no bigint.',
    ours(recorded) {
      if (
        recorded.field === 'IntegerField' &&
        recorded.op === 'to_internal_value' &&
        tagOf(recorded.output) === '$int'
      ) {
        return refusal(recorded, 'invalid', 'A valid integer is required.');
      }
      if (!hasMark(recorded, 'big-int')) return undefined;
      if (recorded.field === 'JSONField') return refusal(recorded, 'invalid', 'Value must be valid JSON.');
      return hasMark(recorded, 'type-name') ? renamed(recorded, '"int"', '"bigint"') : undefined;
    },
  },
  {
    rule: 'dates, times, decimals and UUIDs are texts',
    reason:
      'These are the texts that TypeORM gives for such columns and takes for them, so no type of its own tells them.',
    ours(recorded) {
      const { field, op, input, options, raises } = recorded;
      if (field === 'UUIDField' && op === 'to_representation' && raises) {
        return answer(recorded, String(input).replaceAll('-', ''));
      }
      if (!holdsTexts(input)) return undefined;
      if (isText(recorded) && op === 'to_internal_value') return answer(recorded, decode(input));
      if (field === 'JSONField' && op === 'to_internal_value') return answer(recorded, decode(input));
      if (field === 'JSONField') return raises && answer(recorded, JSON.stringify(decode(input)));
      if (field !== 'DateTimeField') return undefined;
      if (op === 'to_representation') return answer(recorded, decode(input));
      const messages = { invalid: DATE_TIME_INVALID, ...(options?.error_messages as object) };
      return refusal(recorded, 'invalid', messages.invalid.replace('{format}', DATE_TIME_FORMAT));
    },
  },
  {
    rule: 'instants are exact to the millisecond',
    reason: 'They are native `Date`s, which hold no microseconds: finer input is cut off.',
    ours(recorded) {
      if (recorded.field !== 'DateTimeField' || recorded.output === undefined) return undefined;
      const cut = JSON.stringify(recorded.output).replace(/\.(\d{3})\d{3}/, '.$1000');
      return answer(recorded, JSON.parse(cut));
    },
  },
  {
    rule: 'a native point in time always is an instant',
    reason: 'A `Date` is never without a zone, so `defaultTimezone` says what texts mean, and not what a `Date` does.',
    ours(recorded) {
      const isNaive =
        recorded.op === 'to_internal_value' && /"\$datetime":"[^"+Z]*"/.test(JSON.stringify(recorded.input ?? null));
      return isNaive && recorded.settings?.TIME_ZONE ? { ...recorded, output: recorded.input } : undefined;
    },
  },
  {
    rule: 'durations are exact up to 285 years',
    reason: 'They are numbers of milliseconds, and beyond 2^53 microseconds a number holds no single microsecond.',
    ours(recorded) {
      if (recorded.field !== 'DurationField' || tagOf(recorded.output) !== '$duration') return undefined;
      const ms = milliseconds((recorded.output as { $duration: string }).$duration);
      return answer(recorded, { $duration: secondsText(microsecondsIn(ms)) });
    },
  },
  {
    rule: 'numbers read as durations are seconds',
    reason: 'A native duration is a number, and a number in the input is seconds, as it is in the framework.',
    ours(recorded) {
      if (recorded.op !== 'to_internal_value' || tagOf(recorded.input) !== '$duration') return undefined;
      const seconds = decode(recorded.input) as number;
      return answer(recorded, { $duration: secondsText(microsecondsIn(seconds * 1000)) });
    },
  },
  {
    rule: 'decimals that are not coerced to texts are numbers',
    reason: 'A `Decimal` becomes a JSON number in the framework as well, only later, when the response is written.',
    ours(recorded) {
      if (recorded.op !== 'to_representation' || tagOf(recorded.output) !== '$decimal') return undefined;
      return recorded.options?.coerce_to_string === false
        ? answer(recorded, Number(decode(recorded.output)))
        : undefined;
    },
  },
  {
    rule: 'patterns are those of JavaScript',
    reason: 'A `RegExp` means in a field what it means elsewhere: `$` is the very end; `\\d` and `\\w` are ASCII.',
    ours(recorded) {
      const { field, op, options, input } = recorded;
      if (field !== 'RegexField' || op !== 'to_internal_value' || typeof options?.regex !== 'string') return undefined;
      if (typeof recorded.output !== 'string' || new RegExp(options.regex, 'u').test(recorded.output)) return undefined;
      return typeof input === 'string'
        ? refusal(recorded, 'invalid', 'This value does not match the required pattern.')
        : undefined;
    },
  },
  {
    rule: 'a pattern that cannot be read is refused when the field is built',
    reason: 'A mistake is found where it was made, not by the first request.',
    ours({ errors: _errors, output: _output, ...recorded }) {
      if (recorded.field !== 'RegexField' || recorded.raises || isReadable(recorded.options?.regex)) return undefined;
      return { ...recorded, raises: { type: 'USAGE', message: '' } };
    },
  },
  {
    rule: 'JSON that is shown as text is a text',
    reason: 'Bytes have no place in a response; the framework makes them a text when the response is written.',
    ours(recorded) {
      if (recorded.op !== 'to_representation' || tagOf(recorded.output) !== '$bytes') return undefined;
      return answer(recorded, JSON.stringify(decode(recorded.input)));
    },
  },
  {
    rule: 'a JSON object is a plain object',
    reason: '`JSON.stringify` makes `{}` of every `Map`.',
    ours(recorded) {
      const isMap = recorded.field === 'JSONField' && decode(recorded.input) instanceof Map;
      return isMap ? refusal(recorded, 'invalid', 'Value must be valid JSON.') : undefined;
    },
  },
];

export const FIELD_DIFFERENCES: readonly Difference[] = RULES.map(({ rule, reason, ours }) => ({
  rule,
  reason,
  applies(recorded) {
    const answered = ours(recorded);
    return answered !== undefined && !isDeepStrictEqual(answered, recorded);
  },
  ours: (recorded) => ours(recorded) ?? recorded,
}));

// ---------- which cases

const TEXT_FIELDS = ['CharField', 'EmailField', 'RegexField', 'SlugField', 'URLField', 'IPAddressField'];
const DATE_TIME_FORMAT = 'YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]';
const DATE_TIME_INVALID = 'Datetime has wrong format. Use one of these formats instead: {format}.';

function hasMark({ marks = [] }: FieldCase, mark: string): boolean {
  return marks.includes(mark);
}

function isText({ field, op }: FieldCase): boolean {
  return TEXT_FIELDS.includes(field) && (op === 'to_internal_value' || op === 'to_representation');
}

function isTextChild({ field, options }: FieldCase): boolean {
  const child = options?.child as { field?: string } | undefined;
  return (field === 'ListField' || field === 'DictField') && child?.field === 'CharField';
}

function isChoice({ field }: FieldCase): boolean {
  return field === 'ChoiceField' || field === 'MultipleChoiceField';
}

/** Whether a native value of the framework is a text here. */
function holdsTexts(input: unknown): boolean {
  return /"\$(?:date|time|decimal|uuid)":/.test(JSON.stringify(input ?? null));
}

function isReadable(regex: unknown): boolean {
  if (typeof regex !== 'string') return true;
  try {
    return new RegExp(regex) instanceof RegExp;
  } catch {
    return false;
  }
}

// ---------- how we answer them

function answer({ errors: _errors, raises: _raises, ...recorded }: FieldCase, output: unknown): FieldCase {
  return { ...recorded, output };
}

function refusal(
  { output: _output, raises: _raises, ...recorded }: FieldCase,
  code: string,
  message: string,
): FieldCase {
  return { ...recorded, errors: [{ code, message }] };
}

function renamed(recorded: FieldCase, from: string, to: string): FieldCase {
  const text = JSON.stringify(recorded.errors);
  return {
    ...recorded,
    errors: JSON.parse(text.replaceAll(JSON.stringify(from).slice(1, -1), JSON.stringify(to).slice(1, -1))),
  };
}

/** What a field of choices makes of an input of which JavaScript's text counts. */
function chosen(recorded: FieldCase): FieldCase {
  const input = decode(recorded.input);
  const values = (decode(recorded.options?.choices) as unknown[]).map((each) => (Array.isArray(each) ? each[0] : each));
  const item = recorded.field === 'MultipleChoiceField' ? (input as unknown[])[0] : input;
  const value = values.find((each) => typeof item !== 'object' && String(each) === String(item));
  if (value !== undefined) return answer(recorded, recorded.field === 'ChoiceField' ? value : { $set: [value] });
  return refusal(recorded, 'invalid_choice', `"${textOf(item)}" is not a valid choice.`);
}

function withoutFraction(recorded: FieldCase): FieldCase | undefined {
  const text = String(decode(recorded.input));
  const isWhole = JSON.stringify(recorded.errors).includes('max_decimal_places');
  return isWhole ? answer(recorded, { $decimal: text }) : undefined;
}

function textsIn(input: unknown): unknown {
  if (typeof input === 'string') return [...input];
  if (Array.isArray(input)) return input.map((item) => (item === null ? null : textOf(item)));
  return Object.fromEntries(
    Object.entries(input as object).map(([key, item]) => [key, item === null ? null : textOf(item)]),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function secondsText(microseconds: bigint): string {
  const size = microseconds < 0n ? -microseconds : microseconds;
  const fraction = size % 1_000_000n;
  const text = `${size / 1_000_000n}${fraction === 0n ? '' : `.${String(fraction).padStart(6, '0')}`}`;
  return microseconds < 0n ? `-${text}` : text;
}
