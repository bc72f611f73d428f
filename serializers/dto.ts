/**
 * A class that class-validator decorates, or any Standard Schema, as a serializer.
 *
 * Shape:  `class S extends DtoSerializer(CreateUserDto) {}`: `validatedData` is what the class or schema gives, errors are
 *         `{ field: [messages] }` like those of every serializer. Objects are shown as class-transformer shows them, or
 *         as they are where there is only a schema.
 * Errors: `MISSING_PEER` where class-validator and class-transformer are not installed.
 */
import { ValidationError } from '../fields/index.js';
import { checkDto, showDto } from '../lib/adapters/class-validator.js';
import {
  type BodyOfSchema,
  type BodySchema,
  checkBody,
  type InputOfSchema,
  isStandardSchema,
  type StandardSchemaV1,
} from '../lib/schema.js';
import type { ErrorInput } from '../lib/validation-error.js';
import { BaseSerializer } from './base-serializer.js';
import { DEFINITION, type Definition, type SerializerOptions } from './definition.js';
import type { ListSerializerClass } from './list.js';

/** What JSON leaves of the properties of a class. */
type Shown<T> = {
  [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: T[K] extends Date ? string : T[K];
};

type InputOf<S> = S extends StandardSchemaV1<infer _I, infer _V> ? InputOfSchema<S> : Shown<BodyOfSchema<S>>;

/** A serializer class over a DTO class or a schema. */
export interface DtoSerializerClass<S extends BodySchema> extends StandardSchemaV1<InputOf<S>, BodyOfSchema<S>> {
  new (
    instance?: BodyOfSchema<S> | null,
    options?: SerializerOptions,
  ): BaseSerializer<BodyOfSchema<S>, Shown<BodyOfSchema<S>>, BodyOfSchema<S>, InputOf<S>>;
  many: typeof BaseSerializer.many;
  listSerializerClass: ListSerializerClass;
}

export function DtoSerializer<S extends BodySchema>(schema: S): DtoSerializerClass<S> {
  const name = typeof schema === 'function' ? schema.name : 'schema';
  const definition: Definition = { kind: `DtoSerializer(${name})`, fields: () => ({}), hooks: {}, remote: {} };
  class Made extends BaseSerializer<object, unknown, unknown> {
    static readonly [DEFINITION] = definition;

    override async toInternalValue(data: unknown): Promise<unknown> {
      const checked = isStandardSchema(schema)
        ? await checkBody(schema, data)
        : await checkDto(schema, data, { isPartial: this.partial });
      if ('errors' in checked) throw new ValidationError(checked.errors as ErrorInput);
      return checked.value;
    }

    override toRepresentation(row: object): unknown {
      return isStandardSchema(schema) ? row : showDto(schema, row);
    }
  }
  Object.defineProperty(Made, 'name', { value: definition.kind });
  return Made as unknown as DtoSerializerClass<S>;
}
