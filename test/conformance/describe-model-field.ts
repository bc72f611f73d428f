/**
 * The fields of a model serializer in the words of the record, so that the two can be compared.
 *
 * Left out is what has no counterpart: options of HTML forms, and texts that follow from the name alone (`label`).
 */
import * as fields from '../../fields/index.js';
import type { AnyField } from '../../fields/types.js';
import { compiled } from '../../serializers/compile.js';
import { DEFINITION, type Definition } from '../../serializers/definition.js';
import { NestedField } from '../../serializers/nested.js';
import { recorded } from './compare.js';

type Words = Record<string, unknown>;

const CLASSES = [
  ...['PrimaryKeyRelatedField', 'SlugRelatedField', 'StringRelatedField', 'HiddenField', 'ReadOnlyField'],
  ...['EmailField', 'URLField', 'SlugField', 'UUIDField', 'IPAddressField', 'DecimalField', 'DurationField'],
  ...['BigIntField', 'BigIntegerField', 'DateTimeField', 'DateField', 'TimeField', 'FloatField', 'IntegerField'],
  ...['BooleanField', 'ChoiceField', 'JSONField', 'ModelField', 'CharField', 'ListField'],
];
const NAMES: Readonly<Record<string, string>> = {
  maxLength: 'max_length',
  minLength: 'min_length',
  maxValue: 'max_value',
  minValue: 'min_value',
  maxDigits: 'max_digits',
  decimalPlaces: 'decimal_places',
  choices: 'choices',
  helpText: 'help_text',
  slugField: 'slug_field',
};

/** A field of ours. */
export function wordsOf(field: AnyField): Words {
  const options = field.options as Words & { many?: boolean };
  const required = options.required ?? (options.default === undefined && !options.readOnly);
  const common = {
    required: required === true && !options.hidden,
    read_only: options.readOnly === true,
    write_only: options.writeOnly === true,
    allow_null: options.allowNull === true,
  };
  if (field instanceof NestedField) {
    const definition = (field.serializer as unknown as { [DEFINITION]: Definition })[DEFINITION];
    return { class: 'nested', ...common, fields: mapped(compiled(definition).fields, wordsOf) };
  }
  return {
    class: options.many ? 'ManyRelatedField' : classOf(field),
    ...common,
    ...(options.default !== undefined && { default: recordedDefault(options.default) }),
    ...limits(options),
    unique: validatorsOf(options).length,
  };
}

function classOf(field: AnyField): string {
  const all = fields as unknown as Record<string, (abstract new (...args: never[]) => unknown) | undefined>;
  const name = CLASSES.find((each) => all[each] !== undefined && field instanceof (all[each] as never));
  return name ?? field.constructor.name;
}

function validatorsOf(options: object): readonly unknown[] {
  return (options as { validators?: readonly unknown[] }).validators ?? [];
}

function limits(options: Words): Words {
  const present = Object.entries(NAMES).filter(([name]) => options[name] !== undefined && options[name] !== null);
  return Object.fromEntries(
    present.map(([name, word]) => [word, name === 'choices' ? valuesOf(options.choices) : plain(options[name])]),
  );
}

/** A recorded field in the same words. */
export function recordedWords(field: Words): Words {
  const options = field.options as Words | undefined;
  const common = {
    required: field.required,
    read_only: field.read_only,
    write_only: field.write_only,
    allow_null: field.allow_null,
  };
  const { fields: parts } = (field.child as Words | undefined)?.fields ? (field.child as Words) : field;
  if (parts !== undefined) {
    const isByDepth =
      field.class === 'NestedSerializer' || (field.child as Words | undefined)?.class === 'NestedSerializer';
    const known = (part: Words) => recordedWords(isByDepth ? asColumn(part) : part);
    return { class: 'nested', ...common, fields: mapped(parts as Record<string, Words>, known) };
  }
  const kept = Object.values(NAMES).filter((word) => options?.[word] !== undefined);
  return {
    class: field.class,
    ...common,
    ...(field.default !== undefined && { default: isFunction(field.default) ? 'a function' : recorded(field.default) }),
    ...Object.fromEntries(
      kept.map((word) => [word, word === 'choices' ? valuesOf(options?.choices) : plain(recorded(options?.[word]))]),
    ),
    unique: validatorsOf(options ?? {}).filter((each) => !isBuiltIn(each, field.class)).length,
  };
}

/** Below a relation nobody says that a text is an e-mail address: it is shown the same. */
function asColumn(part: Words): Words {
  return TEXTS.includes(part.class as string) ? { ...part, class: 'CharField' } : part;
}

const TEXTS = ['EmailField', 'URLField', 'SlugField', 'IPAddressField'];

/** What our fields check without being told. */
function isBuiltIn(validator: unknown, type: unknown): boolean {
  const { class: name, function: check } = validator as Words;
  return check !== undefined || name === 'DecimalValidator' || (type === 'SlugField' && name === 'RegexValidator');
}

function isFunction(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$create_only_default' in value;
}

function recordedDefault(value: unknown): unknown {
  return typeof value === 'function' ? 'a function' : value;
}

/** The values alone, whatever stands beside them and however they are grouped. */
function valuesOf(choices: unknown): unknown[] {
  if (!Array.isArray(choices)) return Object.keys(choices as object);
  return choices.flatMap((choice) => {
    if (!Array.isArray(choice)) return [plain(recorded(choice))];
    return Array.isArray(choice[1]) ? valuesOf(choice[1]) : [plain(recorded(choice[0]))];
  });
}

function plain(value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'number'
    ? String(value)
    : String(value).replace(/^(int|decimal) /, '');
}

function mapped<T>(object: Readonly<Record<string, T>>, map: (value: T) => Words): Record<string, Words> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
