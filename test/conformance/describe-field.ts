/**
 * Fields of the recorded cases: `{ field: class, options }` becomes one of ours.
 *
 * Shape:  options in `snake_case` become `camelCase`, tagged values native ones. What is no plain field (`serializer`,
 *         `model_serializer`, relation fields) is made by a builder that the runner gives.
 */
import * as fields from '../../fields/index.js';
import type { AnyField } from '../../fields/types.js';
import { type ValidatorDescription, validatorOf } from './describe-validator.js';
import { type Decoders, decode } from './tags.js';

export interface FieldDescription {
  readonly field?: string;
  readonly serializer?: unknown;
  readonly model_serializer?: unknown;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What a runner can build besides plain fields. `name` is that of the field, where it has one. */
export interface Builders {
  /** `{ serializer }` as a field. */
  readonly serializer?: (description: FieldDescription, name: string) => AnyField;
  /** `{ model_serializer }` as a field. */
  readonly modelSerializer?: (description: FieldDescription, name: string) => AnyField;
  /** A field class that is not plain, such as a relation; undefined: build it as usual. */
  readonly field?: (description: FieldDescription, name: string) => AnyField | undefined;
  /** A validator that is not plain, such as `unique`; undefined: build it as usual. */
  readonly validator?: (description: ValidatorDescription, name: string) => fields.Validator | undefined;
  /** Decoders of further tags. */
  readonly tags?: Decoders;
}

type FieldClass = new (options: Record<string, unknown>) => AnyField;

export function fieldOf(description: FieldDescription, builders: Builders = {}, name = ''): AnyField {
  if (description.serializer !== undefined) return needed(builders.serializer, 'serializer')(description, name);
  if (description.model_serializer !== undefined) {
    return needed(builders.modelSerializer, 'model_serializer')(description, name);
  }
  const own = builders.field?.(description, name);
  if (own) return own;
  const className = description.field === 'SerializerMethodField' ? 'MethodField' : description.field;
  const type = (fields as Record<string, unknown>)[className as string];
  if (typeof type !== 'function') throw new Error(`There is no field ${description.field}`);
  return new (type as FieldClass)(optionsOf(description.options, builders, name));
}

/** `{ max_length: 3 }` becomes `{ maxLength: 3 }`; the values become native. */
export function optionsOf(
  options: Readonly<Record<string, unknown>> = {},
  builders: Builders = {},
  name = '',
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [camelCase(key), optionOf(key, value, builders, name)]),
  );
}

export function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function optionOf(key: string, value: unknown, builders: Builders, name: string): unknown {
  if (key === 'child') return fieldOf(value as FieldDescription, builders);
  if (key === 'validators') {
    return (value as ValidatorDescription[]).map(
      (each) => builders.validator?.(each, name) ?? validatorOf(each, name, builders.tags),
    );
  }
  return decode(value, builders.tags);
}

function needed<T>(builder: T | undefined, kind: string): T {
  if (!builder) throw new Error(`This runner builds no ${kind}`);
  return builder;
}
