/**
 * What every serializer does: show objects, validate input, store values.
 *
 * Shape:  `new S(row).data` and `S.many(rows).data` are promises of plain data; `new S(row?, { data })` is validated by
 *         `isValid()` and stored by `save()`. `toRepresentation`, `toInternalValue`, `validate`, `create` and `update`
 *         can be overridden.
 * Order:  fields with their hooks, all of them; then the validators of the whole; then `validate`.
 * Errors: `ValidationError` for input; `USAGE` for methods called in the wrong order.
 */
import { runChecks } from '../fields/checks.js';
import { usage } from '../fields/field.js';
import { attempt, orThrow } from '../fields/refusal.js';
import { typeName } from '../fields/type-name.js';
import type { Ctx } from '../fields/types.js';
import type { JsonSchema } from '../lib/json-schema.js';
import { chain } from '../lib/maybe-promise.js';
import type { StandardSchemaV1 } from '../lib/schema.js';
import { type Compiled, compiled } from './compile.js';
import {
  ADOPT,
  DEFINITION,
  type Definition,
  INITIAL,
  type ListSerializerOptions,
  remoteDefaultsOf,
  type SerializerOptions,
  VALIDATE,
} from './definition.js';
import { initialOf } from './initial.js';
import { type Direction, METHODS, toJsonSchema } from './json-schema.js';
import { ListSerializer, type ListSerializerClass } from './list.js';
import { wholeRefused } from './messages.js';
import { Outcome } from './outcome.js';
import { reported } from './remote/explain.js';
import type { RemoteDefaults } from './remote/policy.js';
import { finishRun, inBatch } from './remote/waves.js';
import { REPRESENT, REPRESENT_ALL, Run, type Target } from './run.js';
import { Scope } from './scope.js';
import { standard } from './standard.js';
import type { AnySerializer, ClassOf, Errors, INPUT, RowOf } from './types.js';
import { hooked, ofWhole, type Verdict, whenValid } from './validation.js';

/** Base of every serializer. Made by `Serializer({...})` and `ModelSerializer(...)`. */
export abstract class BaseSerializer<E, RP, VL, IN = unknown> {
  /** The class of the lists that `many()` makes; set it to a subclass of `ListSerializer` that validates or stores lists. */
  static listSerializerClass: ListSerializerClass = ListSerializer;

  /** Never there at run time: it carries the type of valid JSON input. */
  declare readonly [INPUT]?: IN;
  /** The object that is shown or updated. */
  instance: E | null;
  readonly context: Record<string, unknown>;
  readonly partial: boolean;
  /** The input as it was given. */
  readonly initialData: unknown;
  readonly #options: SerializerOptions;
  readonly #outcome: Outcome<VL>;
  #run: Run | undefined;
  #fieldScopes: readonly Ctx[] | undefined;
  #data: Promise<RP> | undefined;

  constructor(instance?: E | null, options: SerializerOptions = {}) {
    this.instance = instance ?? null;
    this.context = options.context ?? {};
    this.partial = options.partial ?? false;
    this.initialData = options.data;
    this.#options = options;
    this.#outcome = new Outcome(options, () => {
      this.#adopt(undefined);
      return this[VALIDATE](this.initialData);
    });
  }

  /** The same for a list: one pass over the rows, and one call per route for their remote fields. */
  static many<X extends AnySerializer>(
    this: ClassOf<X>,
    rows?: Iterable<RowOf<X>> | null,
    options?: ListSerializerOptions,
  ): ListSerializer<X> {
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked, which extends this one
    const type = this as unknown as ClassOf<X> & { listSerializerClass: ListSerializerClass };
    return new type.listSerializerClass(type, rows as Iterable<never>, options) as unknown as ListSerializer<X>;
  }

  /** A serializer class is a Standard Schema: the body of a task, for one. */
  static get '~standard'(): StandardSchemaV1['~standard'] {
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked, which extends this one
    const type = this as unknown as ClassOf<AnySerializer>;
    return standard(
      (data) => new type(undefined, { data }),
      (direction) => schemaOf(type, direction),
    );
  }

  /** What the object looks like outside; valid input, where there is no object; an empty form, where there is neither. */
  get data(): Promise<RP> {
    this.#data ??= this.#represent();
    return this.#data;
  }

  /** Messages by field name, `{}` for valid input. Only after `isValid()`. */
  get errors(): Errors<VL> {
    return this.#outcome.errors as Errors<VL>;
  }

  /** The values that were read. Only after `isValid()` was true. */
  get validatedData(): VL {
    return this.#outcome.value;
  }

  /** Validates the input, once. With `raiseException` it rejects with the `ValidationError` in place of false. */
  isValid(options: { raiseException?: boolean } = {}): Promise<boolean> {
    return this.#outcome.settle(options);
  }

  /** Creates, or updates the instance, from the validated data and `extra`. */
  async save(extra: object = {}): Promise<E> {
    const attrs = { ...this.#outcome.toSave(), ...extra } as VL;
    this.instance = this.instance === null ? await this.create(attrs) : await this.update(this.instance, attrs);
    this.#data = undefined;
    return this.instance;
  }

  /** Sees all values at once; throws a `ValidationError` or gives the values, changed or not. */
  validate(attrs: VL): VL | Promise<VL> {
    const { validate } = this.#definition.hooks;
    return validate ? (validate(attrs as never, this.#ctx()) as VL | Promise<VL>) : attrs;
  }

  /** Stores new values. */
  create(_attrs: VL): Promise<E> {
    throw usage(`${this.constructor.name} needs a method \`create(attrs)\` to be saved.`);
  }

  /** Stores many at once; the default stores one after the other. */
  async createMany(list: readonly VL[]): Promise<E[]> {
    const rows: E[] = [];
    for (const attrs of list) rows.push(await this.create(attrs));
    return rows;
  }

  /** Stores changed values. */
  update(_row: E, _attrs: Partial<VL>): Promise<E> {
    throw usage(`${this.constructor.name} needs a method \`update(row, attrs)\` to be saved.`);
  }

  /** One row as plain data. In an override, the slots of remote fields still hold their keys: the objects come later. */
  toRepresentation(row: E): RP {
    const run = this.#ctx();
    const output = this.#compiled.represent.one(row, run, this.#ownRemote);
    run.made(output);
    return output as RP;
  }

  /** The values of valid input, by source. */
  async toInternalValue(data: unknown): Promise<VL> {
    return orThrow(this.#read(data));
  }

  /** @internal */
  [ADOPT](run: Run): this {
    this.#adopt(run);
    return this;
  }

  /** @internal */
  [INITIAL](): unknown {
    return initialOf(this.#compiled.fields, this.#ctx());
  }

  /** @internal */
  [REPRESENT](row: unknown, run: Run): unknown {
    this.#adopt(run);
    if (!this.#isOverridden) return this.#compiled.represent.one(row, run, this.#ownRemote);
    return row === null || row === undefined ? null : run.override(() => this.toRepresentation(row as E));
  }

  /** @internal The same for a list. */
  [REPRESENT_ALL](rows: readonly unknown[], run: Run): unknown[] {
    this.#adopt(run);
    if (!this.#isOverridden) return this.#compiled.represent.all(rows, run, this.#ownRemote);
    const output: unknown[] = [];
    rows.forEach((row, i) => void run.put(output as unknown as Target, i, this[REPRESENT](row, run)));
    return output;
  }

  /** @internal */
  [VALIDATE](data: unknown): Verdict<VL> {
    if (data === null && this.#options.allowNull) return null as VL;
    const isOverridden = this.toInternalValue !== BaseSerializer.prototype.toInternalValue;
    const read = isOverridden ? attempt(() => this.toInternalValue(data)) : this.#read(data);
    return ofWhole(whenValid(read, (attrs) => this.#checkWhole(attrs)));
  }

  #read(data: unknown): Verdict<VL> {
    if (typeof data !== 'object' || data === null || Array.isArray(data) || data instanceof Set) {
      return wholeRefused('invalid', { datatype: typeName(data) }, this.#options.errorMessages);
    }
    return this.#compiled.read(data, this.#scopes) as Verdict<VL>;
  }

  /** The validators of the whole, then `validate`. */
  #checkWhole(attrs: VL): Verdict<VL> {
    const validators = this.#options.validators ?? this.#compiled.validators;
    if (validators.length === 0) return this.#callValidate(attrs);
    const scope = new Scope(this.#ctx(), this.instance);
    const seen = this.#compiled.withReadOnlyDefaults(attrs as Target, scope);
    return chain(runChecks(validators, seen, scope), (refused) => refused ?? this.#callValidate(attrs));
  }

  #callValidate(attrs: VL): Verdict<VL> {
    if (!this.#definition.hooks.validate && this.validate === BaseSerializer.prototype.validate) return attrs;
    return hooked(attrs, () =>
      chain(this.validate(attrs), (value) => {
        if (value === undefined) throw usage(`${this.constructor.name}: \`validate()\` must give the values back.`);
        return value;
      }),
    );
  }

  async #represent(): Promise<RP> {
    const row = this.#outcome.toShow(this.instance);
    if (!row) return this.#initial();
    const run = this.#newRun();
    return inBatch(run.defaults, async (batch, isRoot) => {
      reported(this, batch.report);
      const holder: Target = {};
      run.put(holder, 'data', this[REPRESENT](row.value, run));
      await finishRun(run, batch, isRoot);
      return holder.data as RP;
    });
  }

  /** Invalid input goes back into the form as it was sent. */
  #initial(): RP {
    const { initialData } = this;
    const form = this[INITIAL]() as Target;
    if (!this.#outcome.isInvalid) return form as RP;
    if (typeof initialData !== 'object' || initialData === null) return {} as RP;
    const sent = Object.keys(form).filter((name) => Object.hasOwn(initialData, name));
    return Object.fromEntries(sent.map((name) => [name, (initialData as Target)[name]])) as RP;
  }

  /** undefined: one of its own, once it is needed. */
  #adopt(run: Run | undefined): void {
    if (this.#run === run) return;
    this.#run = run;
    this.#fieldScopes = undefined;
  }

  /** Made where a field must be asked: most input is read without. */
  readonly #scopes = (): readonly Ctx[] => {
    this.#fieldScopes ??= this.#compiled.scopes(this.#ctx(), this.instance, this.#ownRemote);
    return this.#fieldScopes;
  };

  #newRun(): Run {
    return new Run(this.context, this.instance, this.partial, this.#ownRemote, this.#definition.dataSource);
  }

  #ctx(): Run {
    this.#run ??= this.#newRun();
    return this.#run;
  }

  get #isOverridden(): boolean {
    return this.toRepresentation !== BaseSerializer.prototype.toRepresentation;
  }

  get #definition(): Definition {
    return (this.constructor as unknown as { [DEFINITION]: Definition })[DEFINITION];
  }

  get #compiled(): Compiled {
    return compiled(this.#definition);
  }

  get #ownRemote(): RemoteDefaults {
    return remoteDefaultsOf(this.constructor);
  }
}

/** Code says more than a schema could: a class that reads or shows by itself has none. */
function schemaOf(type: ClassOf<AnySerializer>, direction: Direction): JsonSchema {
  const method = METHODS[direction];
  const { prototype } = type as unknown as { prototype: AnySerializer };
  if (prototype[method] !== BaseSerializer.prototype[method]) {
    throw usage(`${type.name} has a \`${method}\` of its own, which no JSON schema can tell.`);
  }
  return toJsonSchema((type as unknown as { [DEFINITION]: Definition })[DEFINITION], direction);
}
