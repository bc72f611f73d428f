/** A serializer as a field of another: `nested(UserSerializer, { many: true })`. */
import { Field, READ, usage } from '../fields/field.js';
import { orThrow } from '../fields/refusal.js';
import type { AnyField, Ctx, FieldOptions, NoOptions } from '../fields/types.js';
import { NON_FIELD_ERRORS, ValidationError } from '../lib/validation-error.js';
import { BaseSerializer } from './base-serializer.js';
import { ADOPT, INITIAL, type ListSerializerOptions, VALIDATE } from './definition.js';
import type { ListSerializer } from './list.js';
import { REPRESENT } from './run.js';
import { runOf } from './scope.js';
import type { AnySerializer, ClassOf, INPUT, InputOf, Representation, Validated } from './types.js';
import type { Verdict } from './validation.js';

export interface NestedOptions
  extends FieldOptions,
    Pick<ListSerializerOptions, 'allowEmpty' | 'minLength' | 'maxLength'> {
  /** A list of objects. Default: false. */
  readonly many?: boolean;
}

/** Deeper input is refused: it could exhaust the stack. */
const MAX_DEPTH = 100;

type SerializerType = ClassOf<AnySerializer> & Pick<typeof BaseSerializer, 'many'>;

/** The field that `nested()` makes. */
export interface NestedFieldOf<X, P> extends AnyField {
  readonly options: P;
  readonly [INPUT]?: P extends { readonly many: true } ? InputOf<X>[] : InputOf<X>;
  toRepresentation(
    value: unknown,
    ctx: Ctx,
  ): P extends { readonly many: true } ? Representation<X>[] : Representation<X>;
  toInternalValue(data: unknown, ctx: Ctx): P extends { readonly many: true } ? Validated<X>[] : Validated<X>;
}

export class NestedField extends Field<NestedOptions> {
  static override readonly optionNames = ['many', 'allowEmpty', 'minLength', 'maxLength'];

  readonly #given: ClassOf<AnySerializer> | (() => ClassOf<AnySerializer>);

  constructor(given: ClassOf<AnySerializer> | (() => ClassOf<AnySerializer>), options: NestedOptions = {}) {
    super(options);
    if (typeof given !== 'function') throw usage('nested(): give it a serializer class, or a function that gives one.');
    this.#given = given;
    // The serializer runs the validators: their errors belong to the object, not to the field.
    this.checks.length = 0;
  }

  /** The class of the objects. */
  get serializer(): SerializerType {
    const given = this.#given;
    const isClass = given.prototype instanceof BaseSerializer;
    return (isClass ? given : (given as () => unknown)()) as SerializerType;
  }

  /** @internal Whether the fields of the class say it all: a method of its own may read or show anything. */
  isToldByFields(method: 'toInternalValue' | 'toRepresentation'): boolean {
    const { prototype } = this.serializer as unknown as { readonly prototype: AnySerializer };
    return prototype[method] === BaseSerializer.prototype[method];
  }

  /** With `source: '*'`, null has nothing to stand for: it is no dictionary. */
  override [READ](data: unknown, ctx: Ctx): unknown {
    const { source, allowNull, readOnly } = this.options;
    if (data === null && source === '*' && allowNull && !readOnly) return this.toInternalValue(data, ctx);
    return super[READ](data, ctx);
  }

  override toRepresentation(value: unknown, ctx: Ctx): unknown {
    const run = runOf(ctx);
    // Outside of a serializer nobody fills slots for us: the child does it itself.
    if (!run) return this.options.many ? this.serializer.many(value as Iterable<unknown>).data : this.#alone(value);
    return this.#child(ctx)[REPRESENT](value as Iterable<unknown>, run);
  }

  /** Classes may refer to each other, so that nothing but this bounds how deep input goes. */
  override toInternalValue(data: unknown, ctx: Ctx): unknown {
    const child = this.#child(ctx);
    const run = runOf(ctx);
    if (!run) return orThrow(child[VALIDATE](data) as Verdict<unknown>);
    if (run.depth === MAX_DEPTH) throw tooDeep();
    run.depth++;
    try {
      return orThrow(child[VALIDATE](data) as Verdict<unknown>);
    } finally {
      run.depth--;
    }
  }

  /** @internal */
  [INITIAL](ctx: Ctx): unknown {
    return this.options.many ? [] : (this.#child(ctx) as AnySerializer)[INITIAL]();
  }

  #alone(value: unknown): Promise<unknown> {
    return new this.serializer(value).data;
  }

  #child(ctx: Ctx): AnySerializer | ListSerializer<AnySerializer> {
    const run = runOf(ctx);
    return run ? run.child(this, () => this.#make(ctx)[ADOPT](run)) : this.#make(ctx);
  }

  #make({ context, partial }: Ctx): AnySerializer | ListSerializer<AnySerializer> {
    const { many, allowNull, validators, errorMessages, allowEmpty, minLength, maxLength } = this.options;
    const shared = { context, partial, validators, errorMessages };
    if (!many) return new this.serializer(undefined, shared);
    return this.serializer.many(undefined, { ...shared, allowNull, allowEmpty, minLength, maxLength });
  }
}

function tooDeep(): ValidationError {
  const message = `Invalid data. Expected at most ${MAX_DEPTH} objects within each other.`;
  return new ValidationError({ [NON_FIELD_ERRORS]: { message, code: 'invalid' } });
}

/** Objects below an object. A function that gives the class allows classes that refer to each other. */
export function nested<X extends AnySerializer, const P extends NestedOptions = NoOptions>(
  serializer: ClassOf<X> | (() => ClassOf<X>),
  options?: P,
): NestedFieldOf<X, P> {
  return new NestedField(serializer, options) as unknown as NestedFieldOf<X, P>;
}

/** True for a field that `nested()` made. */
export function isNested(field: AnyField): field is AnyField & NestedField {
  return field instanceof NestedField;
}
