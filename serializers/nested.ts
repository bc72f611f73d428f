/** A serializer as a field of another: `nested(UserSerializer, { many: true })`. */
import { Field, usage } from '../fields/field.js';
import type { AnyField, Ctx, FieldOptions, NoOptions } from '../fields/types.js';
import { BaseSerializer } from './base-serializer.js';
import { ADOPT, VALIDATE } from './definition.js';
import { representRows, validateRows } from './list.js';
import { REPRESENT, Run } from './run.js';
import type { AnySerializer, ClassOf, Representation, Validated } from './types.js';

export interface NestedOptions extends FieldOptions {
  /** A list of objects. Default: false. */
  readonly many?: boolean;
}

type SerializerType = ClassOf<AnySerializer> & Pick<typeof BaseSerializer, 'many'>;

/** The field that `nested()` makes. */
export interface NestedFieldOf<X, P> extends AnyField {
  readonly options: P;
  toRepresentation(
    value: unknown,
    ctx: Ctx,
  ): P extends { readonly many: true } ? Representation<X>[] : Representation<X>;
  toInternalValue(data: unknown, ctx: Ctx): P extends { readonly many: true } ? Validated<X>[] : Validated<X>;
}

class NestedField extends Field<NestedOptions> {
  readonly #given: ClassOf<AnySerializer> | (() => ClassOf<AnySerializer>);

  constructor(given: ClassOf<AnySerializer> | (() => ClassOf<AnySerializer>), options: NestedOptions = {}) {
    super(options);
    if (typeof given !== 'function') throw usage('nested(): give it a serializer class, or a function that gives one.');
    this.#given = given;
  }

  override toRepresentation(value: unknown, ctx: Ctx): unknown {
    const child = this.#child(ctx);
    // Outside of a serializer nobody fills slots for us: the child does it itself.
    if (!(ctx instanceof Run))
      return this.options.many ? this.#type.many(value as Iterable<unknown>).data : this.#alone(value);
    return this.options.many ? representRows(child, value as Iterable<unknown>, ctx) : child[REPRESENT](value, ctx);
  }

  override toInternalValue(data: unknown, ctx: Ctx): unknown {
    const child = this.#child(ctx);
    return this.options.many ? validateRows(child, data) : child[VALIDATE](data);
  }

  #alone(value: unknown): Promise<unknown> {
    return new this.#type(value).data;
  }

  #child(ctx: Ctx): AnySerializer {
    const make = () => new this.#type(undefined, { context: ctx.context, partial: ctx.partial });
    return ctx instanceof Run ? ctx.child(this, () => make()[ADOPT](ctx)) : make();
  }

  get #type(): SerializerType {
    const given = this.#given;
    const isClass = given.prototype instanceof BaseSerializer;
    return (isClass ? given : (given as () => unknown)()) as SerializerType;
  }
}

/** Objects below an object. A function that gives the class allows classes that refer to each other. */
export function nested<X extends AnySerializer, const P extends NestedOptions = NoOptions>(
  serializer: ClassOf<X> | (() => ClassOf<X>),
  options?: P,
): NestedFieldOf<X, P> {
  return new NestedField(serializer, options) as unknown as NestedFieldOf<X, P>;
}

/** True for a field that `nested()` made. */
export function isNested(field: AnyField): boolean {
  return field instanceof NestedField;
}
