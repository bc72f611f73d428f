/**
 * A serializer for a list: `UserSerializer.many(rows)`.
 *
 * Shape:  one pass over the rows, whatever their number; errors by index, `{ "3": {...} }`, and the errors of the list
 *         itself under `non_field_errors`. A subclass may override `validate`, `create` and `update`; a serializer class
 *         names it as its `listSerializerClass`.
 * Order:  kind and length of the list; then its items, all of them; then `validate`.
 */
import { usage } from '../fields/field.js';
import { readItems } from '../fields/list.js';
import { refusal } from '../fields/refusal.js';
import { typeName } from '../fields/type-name.js';
import type { JsonSchema, JsonSchemaConverter } from '../lib/json-schema.js';
import { chain } from '../lib/maybe-promise.js';
import type { StandardSchemaV1 } from '../lib/schema.js';
import {
  ADOPT,
  DEFINITION,
  type Definition,
  type ListSerializerOptions,
  remoteDefaultsOf,
  VALIDATE,
} from './definition.js';
import { arraySchema, type Direction } from './json-schema.js';
import { messageOf, wholeRefused } from './messages.js';
import { nothingToSave, Outcome } from './outcome.js';
import { reported } from './remote/explain.js';
import { finishRun, inBatch } from './remote/waves.js';
import { REPRESENT, REPRESENT_ALL, Run } from './run.js';
import { standard } from './standard.js';
import type { AnySerializer, ClassOf, InputOf, Representation, RowOf, Validated } from './types.js';
import { hooked, ofWhole, type Verdict, whenValid } from './validation.js';

/** Errors of rows by index, and those of the list itself. */
export type ListErrors<X extends AnySerializer> = { [index: number]: X['errors'] } & { non_field_errors?: string[] };

/** A class of lists. */
export type ListSerializerClass = new (
  type: ClassOf<AnySerializer>,
  rows?: Iterable<never> | null,
  options?: ListSerializerOptions,
  // biome-ignore lint/suspicious/noExplicitAny: a list of any serializers
) => ListSerializer<any>;

export class ListSerializer<X extends AnySerializer> implements StandardSchemaV1<InputOf<X>[], Validated<X>[]> {
  /** The rows that are shown or updated. */
  instance: readonly RowOf<X>[] | null;
  readonly context: Record<string, unknown>;
  readonly partial: boolean;
  /** The input as it was given. */
  readonly initialData: unknown;
  /** Represents and validates every row. */
  readonly child: X;
  readonly #type: ClassOf<X>;
  readonly #options: ListSerializerOptions;
  readonly #outcome: Outcome<Validated<X>[]>;
  #data: Promise<Representation<X>[]> | undefined;

  constructor(type: ClassOf<X>, rows?: Iterable<RowOf<X>> | null, options: ListSerializerOptions = {}) {
    this.instance = rows ? listOf(rows) : null;
    this.context = options.context ?? {};
    this.partial = options.partial ?? false;
    this.initialData = options.data;
    const { allowNull, validators, errorMessages } = options;
    this.child = new type(undefined, {
      context: this.context,
      partial: this.partial,
      allowNull,
      validators,
      errorMessages,
    });
    this.#type = type;
    this.#options = options;
    this.#outcome = new Outcome(options, () => {
      this.child[ADOPT](this.#newRun());
      return this[VALIDATE](this.initialData);
    });
  }

  get '~standard'(): StandardSchemaV1<InputOf<X>[], Validated<X>[]>['~standard'] {
    const type = this.constructor as unknown as new (...args: unknown[]) => this;
    return standard(
      (data) => new type(this.#type, null, { ...this.#options, data }),
      (direction) => this.#schema(direction),
    );
  }

  #schema(direction: Direction): JsonSchema {
    const { '~standard': standardOfRow } = this.#type as unknown as {
      '~standard': { jsonSchema: JsonSchemaConverter };
    };
    const { allowEmpty, minLength, maxLength } = this.#options;
    return arraySchema(standardOfRow.jsonSchema[direction]({ target: 'draft-07' }), {
      allowEmpty,
      minLength,
      maxLength,
    });
  }

  /** What the rows look like outside; valid input, where there are no rows; `[]`, where there is neither. */
  get data(): Promise<Representation<X>[]> {
    this.#data ??= this.#represent();
    return this.#data;
  }

  /** Messages by index and field name, `{}` for valid input. Only after `isValid()`. */
  get errors(): ListErrors<X> {
    return this.#outcome.errors as ListErrors<X>;
  }

  /** The values that were read. Only after `isValid()` was true. */
  get validatedData(): Validated<X>[] {
    return this.#outcome.value;
  }

  /** Validates the input, once. With `raiseException` it rejects with the `ValidationError` in place of false. */
  isValid(options: { raiseException?: boolean } = {}): Promise<boolean> {
    return this.#outcome.settle(options);
  }

  /** Creates every row, with `extra` in each; where the list was given rows, `update` says what becomes of them. */
  async save(extra: object = {}): Promise<RowOf<X>[]> {
    const values = this.#outcome.toSave();
    if (values.includes(null as never)) throw nothingToSave();
    const list: Validated<X>[] = values.map((attrs) => ({ ...attrs, ...extra }));
    const rows = this.instance === null ? await this.create(list) : await this.update(this.instance, list);
    this.instance = rows;
    this.#data = undefined;
    return rows;
  }

  /** Sees the whole list; throws a `ValidationError` or gives the list, changed or not. */
  validate(list: Validated<X>[]): Validated<X>[] | Promise<Validated<X>[]> {
    return list;
  }

  /** Stores new rows, all at once where the serializer can. */
  create(list: Validated<X>[]): Promise<RowOf<X>[]> {
    return this.child.createMany(list);
  }

  /** Updating a list has no one meaning: an override says how values and rows belong together. */
  async update(_rows: readonly RowOf<X>[], _list: Validated<X>[]): Promise<RowOf<X>[]> {
    throw usage('A list can be created, not updated: update its rows one by one, or override `update(rows, list)`.');
  }

  /** @internal */
  [ADOPT](run: Run): this {
    this.child[ADOPT](run);
    return this;
  }

  /** @internal */
  [REPRESENT](rows: Iterable<unknown>, run: Run): unknown[] {
    return this.child[REPRESENT_ALL](listOf(rows), run);
  }

  /** @internal */
  [VALIDATE](data: unknown): Verdict<Validated<X>[]> {
    if (data === null && this.#options.allowNull) return null as never;
    return ofWhole(
      whenValid(this.#read(data), (list) =>
        hooked(list, () => chain(this.validate(list), (checked) => this.#given(checked))),
      ),
    );
  }

  #read(data: unknown): Verdict<Validated<X>[]> {
    const { allowEmpty = true, minLength = 0, maxLength = Number.POSITIVE_INFINITY, errorMessages } = this.#options;
    if (!Array.isArray(data)) return wholeRefused('not_a_list', { input_type: typeName(data) }, errorMessages);
    if (!allowEmpty && data.length === 0) return wholeRefused('empty', {}, errorMessages);
    if (data.length > maxLength) return wholeRefused('max_length', { max_length: maxLength }, errorMessages);
    if (data.length < minLength) return wholeRefused('min_length', { min_length: minLength }, errorMessages);
    return readItems(data, (item) => this.#readRow(item)) as Verdict<Validated<X>[]>;
  }

  #readRow(item: unknown): unknown {
    const { allowNull, errorMessages } = this.#options;
    if (item === null || item === undefined) {
      if (allowNull) return null;
      return refusal([messageOf('null', {}, errorMessages)]);
    }
    return this.child[VALIDATE](item);
  }

  #given(list: Validated<X>[]): Validated<X>[] {
    if (list === undefined) throw usage(`${this.constructor.name}: \`validate()\` must give the list back.`);
    return list;
  }

  async #represent(): Promise<Representation<X>[]> {
    const rows = this.#outcome.toShow(this.instance);
    if (!rows) return [];
    const run = this.#newRun();
    return inBatch(run.defaults, async (batch, isRoot) => {
      reported(this, batch.report);
      const output = rows.value === null ? null : this[REPRESENT](rows.value as Iterable<unknown>, run);
      await finishRun(run, batch, isRoot);
      return output as Representation<X>[];
    });
  }

  #newRun(): Run {
    const { dataSource } = (this.#type as unknown as { [DEFINITION]: Definition })[DEFINITION];
    return new Run(this.context, this.instance, this.partial, remoteDefaultsOf(this.#type), dataSource);
  }
}

function listOf<T>(rows: Iterable<T>): readonly T[] {
  return Array.isArray(rows) ? rows : [...rows];
}
