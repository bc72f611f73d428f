/**
 * What every serializer does: show objects, validate input, store values.
 *
 * Shape:  `new S(row).data` and `S.many(rows).data` are promises of plain data; `new S(row?, { data })` is validated by
 *         `isValid()` and stored by `save()`. `toRepresentation`, `toInternalValue`, `validate`, `create` and `update`
 *         can be overridden.
 * Errors: `ValidationError` for input; `USAGE` for methods called in the wrong order.
 */
import { isValidationError, usage } from '../fields/field.js';
import { chain, type MaybePromise } from '../fields/maybe-promise.js';
import type { StandardSchemaV1 } from '../lib/schema.js';
import { type ErrorInput, NON_FIELD_ERRORS, ValidationError } from '../lib/validation-error.js';
import { type Compiled, compiled } from './compile.js';
import {
  ADOPT,
  DEFINITION,
  type Definition,
  remoteDefaultsOf,
  type SerializerOptions,
  VALIDATE,
} from './definition.js';
import { ListSerializer } from './list.js';
import type { RemoteDefaults } from './remote/policy.js';
import { finishRun, inBatch } from './remote/waves.js';
import { REPRESENT, Run, type Target } from './run.js';
import { noData, standard } from './standard.js';
import type { AnySerializer, ClassOf, Errors, RowOf } from './types.js';

type Outcome<V> = { readonly value: V } | { readonly error: ValidationError };

/** Base of every serializer. Made by `Serializer({...})` and `ModelSerializer(...)`. */
export abstract class BaseSerializer<E, RP, VL> {
  /** The object that is shown or updated. */
  instance: E | null;
  readonly context: Record<string, unknown>;
  readonly partial: boolean;
  /** The input as it was given. */
  readonly initialData: unknown;
  readonly #hasData: boolean;
  #run: Run | undefined;
  #outcome: Outcome<VL> | undefined;
  #data: Promise<RP> | undefined;

  constructor(instance?: E | null, options: SerializerOptions = {}) {
    this.instance = instance ?? null;
    this.context = options.context ?? {};
    this.partial = options.partial ?? false;
    this.initialData = options.data;
    this.#hasData = Object.hasOwn(options, 'data');
  }

  /** The same for a list: one pass over the rows, and one call per route for their remote fields. */
  static many<X extends AnySerializer>(
    this: ClassOf<X>,
    rows?: Iterable<RowOf<X>> | null,
    options?: SerializerOptions,
  ): ListSerializer<X> {
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked, which extends this one
    return new ListSerializer(this, rows, options);
  }

  /** A serializer class is a Standard Schema: the body of a task, for one. */
  static get '~standard'(): StandardSchemaV1['~standard'] {
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked, which extends this one
    const type = this as unknown as ClassOf<AnySerializer>;
    return standard((data) => new type(undefined, { data }));
  }

  /** What the object looks like outside; valid input, where there is no object. */
  get data(): Promise<RP> {
    this.#data ??= this.#represent();
    return this.#data;
  }

  /** Messages by field name, `{}` for valid input. Only after `isValid()`. */
  get errors(): Errors<VL> {
    const outcome = this.#outcomeFor('errors');
    return ('error' in outcome ? outcome.error.byField : {}) as Errors<VL>;
  }

  /** The values that were read. Only after `isValid()` was true. */
  get validatedData(): VL {
    const outcome = this.#outcomeFor('validatedData');
    if ('error' in outcome) throw usage('The data is not valid, so there is no `validatedData`: see `errors`.');
    return outcome.value;
  }

  /** Validates the input, once. With `raiseException` it rejects with the `ValidationError` in place of false. */
  async isValid({ raiseException = false }: { raiseException?: boolean } = {}): Promise<boolean> {
    if (!this.#hasData) throw usage('There is nothing to validate: give the serializer `data`.');
    this.#outcome ??= await this.#validateRoot();
    if ('value' in this.#outcome) return true;
    if (raiseException) throw this.#outcome.error;
    return false;
  }

  /** Creates, or updates the instance, from the validated data and `extra`. */
  async save(extra: object = {}): Promise<E> {
    if (!this.#outcome) throw usage('Call `isValid()` before `save()`.');
    if ('error' in this.#outcome) throw usage('`save()` needs valid data: see `errors`.');
    const attrs = { ...this.#outcome.value, ...extra } as VL;
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
    const output = this.#compiled.represent(row, run, this.#ownRemote);
    run.made(output);
    return output as RP;
  }

  /** The values of valid input, by source. */
  async toInternalValue(data: unknown): Promise<VL> {
    return (await this.#compiled.read(data, this.#ctx())) as VL;
  }

  /** @internal */
  [ADOPT](run: Run): this {
    this.#run = run;
    return this;
  }

  /** @internal */
  [REPRESENT](row: unknown, run: Run): unknown {
    this.#run = run;
    if (row === null || row === undefined) return null;
    if (this.toRepresentation !== BaseSerializer.prototype.toRepresentation) {
      return run.override(() => this.toRepresentation(row as E));
    }
    return this.#compiled.represent(row, run, this.#ownRemote);
  }

  /** @internal */
  [VALIDATE](data: unknown): MaybePromise<VL> {
    const isOverridden = this.toInternalValue !== BaseSerializer.prototype.toInternalValue;
    const read = () => (isOverridden ? this.toInternalValue(data) : (this.#compiled.read(data, this.#ctx()) as VL));
    return byField(() => chain(read(), (attrs) => chain(this.validate(attrs), (value) => this.#given(value))));
  }

  async #represent(): Promise<RP> {
    const row = this.instance ?? this.#validForShow();
    const run = this.#newRun();
    return inBatch(run.defaults, async (batch, isRoot) => {
      const holder: Target = {};
      run.put(holder, 'data', this[REPRESENT](row, run));
      await finishRun(run, batch, isRoot);
      return holder.data as RP;
    });
  }

  #validForShow(): unknown {
    if (!this.#hasData) throw usage('There is nothing to show: give the serializer an object or `data`.');
    if (!this.#outcome) throw usage('Call `isValid()` before `data` is read.');
    return this.validatedData;
  }

  async #validateRoot(): Promise<Outcome<VL>> {
    this.#run = this.#newRun();
    try {
      if (this.initialData === null || this.initialData === undefined) throw noData();
      return { value: await this[VALIDATE](this.initialData) };
    } catch (error) {
      if (isValidationError(error)) return { error };
      throw error;
    }
  }

  #given(value: VL): VL {
    if (value === undefined) throw usage(`${this.constructor.name}: \`validate()\` must give the values back.`);
    return value;
  }

  #outcomeFor(name: string): Outcome<VL> {
    if (!this.#outcome) throw usage(`Call \`isValid()\` before \`${name}\` is read.`);
    return this.#outcome;
  }

  #newRun(): Run {
    return new Run(this.context, this.instance, this.partial, this.#ownRemote);
  }

  #ctx(): Run {
    this.#run ??= this.#newRun();
    return this.#run;
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

/** Runs a validation whose errors without a field belong to the whole. */
function byField<T>(validate: () => MaybePromise<T>): MaybePromise<T> {
  const refuse = (error: unknown): never => {
    if (!isValidationError(error) || !Array.isArray(error.errors)) throw error;
    throw new ValidationError({ [NON_FIELD_ERRORS]: error.errors as ErrorInput });
  };
  try {
    const value = validate();
    return value instanceof Promise ? value.catch(refuse) : value;
  } catch (error) {
    return refuse(error);
  }
}
