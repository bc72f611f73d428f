/**
 * Serializers as JSON schemas, of what is sent (`input`) and of what is shown (`output`).
 *
 * Shape:  the usual form of each value: a field may read more than its schema says (`'3'` for an integer), never less. A
 *         field of your own is `{}`, anything, and so is a nested class that reads or shows by code of its own. A class
 *         that stands within itself is `{ type: 'object' }` there.
 * Errors: `USAGE` for targets other than drafts 7 and 2020-12, and for classes that read or show by code of their own.
 */

import { type Choices, choicesByText } from '../fields/choices.js';
import { type EnumLike, enumValues } from '../fields/enum.js';
import {
  BigIntField,
  BooleanField,
  CharField,
  ChoiceField,
  DateField,
  DateTimeField,
  DecimalField,
  DictField,
  DurationField,
  EmailField,
  EnumField,
  FloatField,
  HiddenField,
  IntegerField,
  ListField,
  ManyRelatedField,
  MultipleChoiceField,
  RegexField,
  TimeField,
  URLField,
  UUIDField,
} from '../fields/index.js';
import { usage } from '../fields/options.js';
import { RelatedField } from '../fields/related.js';
import { RemoteSlot } from '../fields/remote.js';
import type { AnyField, FieldOptions } from '../fields/types.js';
import type { JsonSchema, JsonSchemaConverter } from '../lib/json-schema.js';
import { compiled } from './compile.js';
import { DEFINITION, type Definition } from './definition.js';

export type Direction = 'input' | 'output';

/** What makes the fields of a class say less than all. */
export const METHODS = { input: 'toInternalValue', output: 'toRepresentation' } as const;

const TARGETS: readonly string[] = ['draft-07', 'draft-2020-12'];

/** `schemaOf` gives the schema in one direction. */
export function converter(schemaOf: (direction: Direction) => JsonSchema): JsonSchemaConverter {
  const towards =
    (direction: Direction) =>
    ({ target }: { readonly target: string }) => {
      if (TARGETS.includes(target)) return schemaOf(direction);
      throw usage(`A serializer cannot become a schema of "${target}"; targets are: ${TARGETS.join(', ')}.`);
    };
  return { input: towards('input'), output: towards('output') };
}

/** `within`: the classes around it. */
export function toJsonSchema(
  definition: Definition,
  direction: Direction,
  within: readonly Definition[] = [],
): JsonSchema {
  if (within.includes(definition)) return { type: 'object' };
  const unseen: keyof FieldOptions = direction === 'input' ? 'readOnly' : 'writeOnly';
  const shown = Object.entries(compiled(definition).fields).filter(
    ([, field]) => !(field instanceof HiddenField) && !optionsOf(field)[unseen],
  );
  const path = [...within, definition];
  const properties = shown.map(([name, field]) => [name, fieldSchema(field, direction, path)] as const);
  const required = shown.filter(([, field]) => direction === 'output' || isRequired(optionsOf(field)));
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required: required.map(([name]) => name) }),
  };
}

function isRequired({ required, default: value }: FieldOptions): boolean {
  return required ?? value === undefined;
}

function fieldSchema(field: AnyField, direction: Direction, within: readonly Definition[]): JsonSchema {
  const { allowNull, label, helpText } = optionsOf(field);
  const schema = kindSchema(field, direction, within);
  const words = {
    ...(label !== undefined && { title: label }),
    ...(helpText !== undefined && { description: helpText }),
  };
  if (!allowNull || Object.keys(schema).length === 0) return { ...schema, ...words };
  return { anyOf: [schema, { type: 'null' }], ...words };
}

function kindSchema(field: AnyField, direction: Direction, within: readonly Definition[]): JsonSchema {
  const child = (each: AnyField) => fieldSchema(each, direction, within);
  if (isNested(field)) {
    const isTold = field.isToldByFields(METHODS[direction]);
    const one = isTold ? toJsonSchema(field.serializer[DEFINITION], direction, within) : {};
    return optionsOf(field).many ? arraySchema(one, optionsOf(field)) : one;
  }
  if (field instanceof RemoteSlot) return remoteSchema(field, direction);
  if (field instanceof ManyRelatedField)
    return arraySchema(child(optionsOf(field).child as AnyField), optionsOf(field));
  if (field instanceof RelatedField) return optionsOf(field).many ? arraySchema(KEY, optionsOf(field)) : KEY;
  if (field instanceof ListField) return arraySchema(child(optionsOf(field).child as AnyField), optionsOf(field));
  if (field instanceof DictField) {
    return { type: 'object', additionalProperties: child(optionsOf(field).child as AnyField) };
  }
  return choiceSchema(field) ?? textSchema(field) ?? numberSchema(field) ?? {};
}

const KEY: JsonSchema = { type: ['integer', 'string'] };

/** What is shown is what the other service says. */
function remoteSchema(field: RemoteSlot, direction: Direction): JsonSchema {
  const one = direction === 'input' && field.keys.names.length === 1 ? KEY : { type: 'object' };
  return field.isMany ? { type: 'array', items: one } : direction === 'input' ? one : {};
}

function choiceSchema(field: AnyField): JsonSchema | undefined {
  const { choices, enum: names, allowBlank } = optionsOf(field);
  const blank = allowBlank ? [''] : [];
  if (field instanceof EnumField) return { enum: [...new Set(enumValues(names as EnumLike)), ...blank] };
  if (!(field instanceof ChoiceField || field instanceof MultipleChoiceField)) return undefined;
  const one = { enum: [...choicesByText('ChoiceField', choices as Choices).values(), ...blank] };
  return field instanceof MultipleChoiceField ? arraySchema(one, optionsOf(field)) : one;
}

function textSchema(field: AnyField): JsonSchema | undefined {
  const format = FORMATS.find(([type]) => field instanceof type)?.[1];
  if (!(field instanceof CharField)) return format === undefined ? undefined : { type: 'string', format };
  const { minLength, maxLength, allowBlank } = optionsOf(field);
  const least = allowBlank ? undefined : (minLength ?? 1);
  return {
    type: 'string',
    ...(format !== undefined && { format }),
    ...(least !== undefined && { minLength: least }),
    ...(typeof maxLength === 'number' && { maxLength }),
    ...(field instanceof RegexField && patternOf(optionsOf(field))),
  };
}

/** Left out where it would say something else: with flags that change its meaning, and where `''` passes it by. */
function patternOf({ regex, allowBlank }: Options): JsonSchema {
  if (allowBlank) return {};
  if (!(regex instanceof RegExp)) return { pattern: String(regex) };
  return /[imsv]/.test(regex.flags) ? {} : { pattern: regex.source };
}

const FORMATS: readonly (readonly [abstract new (...args: never[]) => AnyField, string])[] = [
  [EmailField, 'email'],
  [URLField, 'uri'],
  [UUIDField, 'uuid'],
  [DateTimeField, 'date-time'],
  [DateField, 'date'],
  [TimeField, 'time'],
];

function numberSchema(field: AnyField): JsonSchema | undefined {
  const { minValue, maxValue } = optionsOf(field);
  const bounds = {
    ...(typeof minValue === 'number' && { minimum: minValue }),
    ...(typeof maxValue === 'number' && { maximum: maxValue }),
  };
  if (field instanceof BooleanField) return { type: 'boolean' };
  if (field instanceof IntegerField) return { type: 'integer', ...bounds };
  if (field instanceof FloatField) return { type: 'number', ...bounds };
  if (field instanceof BigIntField) return { type: ['integer', 'string'] };
  const isTextToo = field instanceof DecimalField || field instanceof DurationField;
  return isTextToo ? { type: ['string', 'number'] } : undefined;
}

/** `minItems` and `maxItems` from the options of a list. */
export function arraySchema(
  items: JsonSchema,
  { allowEmpty, minLength, maxLength }: Readonly<Record<string, unknown>>,
): JsonSchema {
  const least = typeof minLength === 'number' ? minLength : allowEmpty === false ? 1 : undefined;
  return {
    type: 'array',
    items,
    ...(least !== undefined && { minItems: least }),
    ...(typeof maxLength === 'number' && { maxItems: maxLength }),
  };
}

/** Of any kind of field. */
type Options = FieldOptions & Readonly<Record<string, unknown>>;

function optionsOf(field: AnyField): Options {
  return field.options as Options;
}

interface NestedLike {
  readonly serializer: { readonly [DEFINITION]: Definition };
  isToldByFields(method: (typeof METHODS)[Direction]): boolean;
}

/** By its shape: its class knows serializers, which know this. */
function isNested(field: AnyField): field is AnyField & NestedLike {
  const { serializer } = field as { serializer?: unknown };
  return typeof serializer === 'function' && DEFINITION in serializer;
}
