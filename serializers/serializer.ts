/**
 * `Serializer({ ...fields })` makes a class: `class UserSerializer extends Serializer({ name: new CharField() }) {}`.
 * Everything about it is inferred from the fields.
 */
import type { StandardSchemaV1 } from '../lib/schema.js';
import { BaseSerializer } from './base-serializer.js';
import { compiled } from './compile.js';
import { DEFINITION, type Definition, type SerializerOptions } from './definition.js';
import type { ListSerializerClass } from './list.js';
import type { ServiceLike } from './service.js';
import type { AnyFields, Hooks, JsonOf, ReprOf, ValidOf } from './types.js';

/** A serializer class of objects `E` with the fields `D`. */
export interface SerializerClass<E, D> extends StandardSchemaV1<JsonOf<D>, ValidOf<D>> {
  new (instance?: E | null, options?: SerializerOptions): Serializer<E, ReprOf<D>, ValidOf<D>, JsonOf<D>>;
  /** The same for a list: one pass over the rows, and one call per route for their remote fields. */
  many: typeof BaseSerializer.many;
  /** The class of the lists that `many()` makes; set it to a subclass of `ListSerializer` that validates or stores lists. */
  listSerializerClass: ListSerializerClass;
  /** The fields by name. */
  readonly fields: D;
}

/** A serializer: `E` are its objects, `RP` is what it shows, `VL` what it reads, `IN` the JSON that it reads. */
export interface Serializer<E, RP, VL, IN = unknown> extends BaseSerializer<E, RP, VL, IN> {}

export type SerializerHooks<D> = Hooks<D> & {
  /** Which service sends for remote fields. Default: the one whose handler or view is running, else the default one. */
  readonly service?: ServiceLike;
};

/** Makes the class; shared by the factories. */
export function serializerClassOf<E, D>(
  definition: Definition,
  // biome-ignore lint/suspicious/noExplicitAny: the base of a class is made for the types of the class
  Base: abstract new (...args: any[]) => BaseSerializer<any, any, any, any> = BaseSerializer,
): SerializerClass<E, D> {
  class Made extends Base {
    static readonly [DEFINITION] = definition;
    static get fields() {
      return compiled(definition).fields;
    }
  }
  Object.defineProperty(Made, 'name', { value: definition.kind });
  return Made as unknown as SerializerClass<E, D>;
}

/** A serializer with the given fields, in their order. */
// biome-ignore lint/suspicious/noExplicitAny: without an entity, its objects may be anything with these properties
export function Serializer<const D extends AnyFields<any>>(
  fields: D,
  hooks: SerializerHooks<D> = {},
  // biome-ignore lint/suspicious/noExplicitAny: as above
): SerializerClass<any, D> {
  const { service, ...own } = hooks;
  const definition: Definition = {
    kind: 'Serializer',
    fields: () => fields,
    hooks: own as Definition['hooks'],
    remote: service ? { service } : {},
  };
  return serializerClassOf(definition);
}
