/**
 * A serializer for a list: `UserSerializer.many(rows)`.
 *
 * Shape:  one pass over the rows, whatever their number; errors by index, `{ "3": {...} }`, and the errors of the list
 *         itself under `non_field_errors`.
 */
import { isValidationError, NO_CTX, usage } from '../fields/field.js';
import { readItems } from '../fields/list.js';
import { typeName } from '../fields/type-name.js';
import type { StandardSchemaV1 } from '../lib/schema.js';
import { NON_FIELD_ERRORS, ValidationError } from '../lib/validation-error.js';
import { ADOPT, remoteDefaultsOf, type SerializerOptions, VALIDATE } from './definition.js';
import { finishRun, inBatch } from './remote/waves.js';
import { REPRESENT, Run, type Target } from './run.js';
import { noData, standard } from './standard.js';
import type { AnySerializer, ClassOf, Representation, RowOf, Validated } from './types.js';

/** Errors of rows by index, and those of the list itself. */
export type ListErrors<X extends AnySerializer> = { [index: number]: X['errors'] } & { non_field_errors?: string[] };

export class ListSerializer<X extends AnySerializer> implements StandardSchemaV1<unknown, Validated<X>[]> {
  /** The rows that are shown. */
  instance: readonly RowOf<X>[] | null;
  readonly context: Record<string, unknown>;
  readonly partial: boolean;
  /** The input as it was given. */
  readonly initialData: unknown;
  /** Represents and validates every row. */
  readonly child: X;
  readonly #type: ClassOf<X>;
  readonly #hasData: boolean;
  #outcome: { readonly value: Validated<X>[] } | { readonly error: ValidationError } | undefined;
  #data: Promise<Representation<X>[]> | undefined;

  constructor(type: ClassOf<X>, rows?: Iterable<RowOf<X>> | null, options: SerializerOptions = {}) {
    this.instance = rows ? Array.from(rows) : null;
    this.context = options.context ?? {};
    this.partial = options.partial ?? false;
    this.initialData = options.data;
    this.child = new type(undefined, { context: this.context, partial: this.partial });
    this.#type = type;
    this.#hasData = Object.hasOwn(options, 'data');
  }

  get '~standard'(): StandardSchemaV1<unknown, Validated<X>[]>['~standard'] {
    const { context, partial } = this;
    return standard((data) => new ListSerializer(this.#type, null, { data, context, partial }));
  }

  /** What the rows look like outside; valid input, where there are no rows. */
  get data(): Promise<Representation<X>[]> {
    this.#data ??= this.#represent();
    return this.#data;
  }

  /** Messages by index and field name, `{}` for valid input. Only after `isValid()`. */
  get errors(): ListErrors<X> {
    const outcome = this.#outcomeFor('errors');
    return ('error' in outcome ? outcome.error.byField : {}) as ListErrors<X>;
  }

  /** The values that were read. Only after `isValid()` was true. */
  get validatedData(): Validated<X>[] {
    const outcome = this.#outcomeFor('validatedData');
    if ('error' in outcome) throw usage('The data is not valid, so there is no `validatedData`: see `errors`.');
    return outcome.value;
  }

  /** Validates the input, once. With `raiseException` it rejects with the `ValidationError` in place of false. */
  async isValid({ raiseException = false }: { raiseException?: boolean } = {}): Promise<boolean> {
    if (!this.#hasData) throw usage('There is nothing to validate: give the serializer `data`.');
    this.#outcome ??= await this.#validate();
    if ('value' in this.#outcome) return true;
    if (raiseException) throw this.#outcome.error;
    return false;
  }

  /** Creates every row, with `extra` in each. Updating a list has no one meaning: do it row by row. */
  async save(extra: object = {}): Promise<RowOf<X>[]> {
    if (this.instance !== null) throw usage('A list can be created, not updated: update its rows one by one.');
    if (!this.#outcome) throw usage('Call `isValid()` before `save()`.');
    const rows: RowOf<X>[] = await this.child.createMany(this.validatedData.map((attrs) => ({ ...attrs, ...extra })));
    this.instance = rows;
    this.#data = undefined;
    return rows;
  }

  async #represent(): Promise<Representation<X>[]> {
    const rows: readonly unknown[] = this.instance ?? this.#validForShow();
    const run = this.#newRun();
    return inBatch(run.defaults, async (batch, isRoot) => {
      const output = representRows(this.child, rows, run);
      await finishRun(run, batch, isRoot);
      return output as Representation<X>[];
    });
  }

  #validForShow(): readonly unknown[] {
    if (!this.#hasData) throw usage('There is nothing to show: give the list rows or `data`.');
    if (!this.#outcome) throw usage('Call `isValid()` before `data` is read.');
    return this.validatedData;
  }

  async #validate() {
    this.child[ADOPT](this.#newRun());
    try {
      if (this.initialData === null || this.initialData === undefined) throw noData();
      return { value: (await validateRows(this.child, this.initialData)) as Validated<X>[] };
    } catch (error) {
      if (isValidationError(error)) return { error };
      throw error;
    }
  }

  #outcomeFor(name: string) {
    if (!this.#outcome) throw usage(`Call \`isValid()\` before \`${name}\` is read.`);
    return this.#outcome;
  }

  #newRun(): Run {
    return new Run(this.context, this.instance, this.partial, remoteDefaultsOf(this.#type));
  }
}

/** Shows every row with one child, within a run. */
export function representRows(child: AnySerializer, rows: Iterable<unknown>, run: Run): unknown[] {
  const output: unknown[] = [];
  let index = 0;
  for (const row of rows) run.put(output as unknown as Target, index++, child[REPRESENT](row, run));
  return output;
}

/** Reads every row with one child that is part of a run. */
export function validateRows(child: AnySerializer, data: unknown): unknown[] | Promise<unknown[]> {
  if (!Array.isArray(data)) {
    const message = `Expected a list of items but got type "${typeName(data)}".`;
    throw new ValidationError({ [NON_FIELD_ERRORS]: { message, code: 'not_a_list' } });
  }
  return readItems(data, { runValidation: (item) => validateRow(child, item) }, NO_CTX);
}

function validateRow(child: AnySerializer, item: unknown): unknown {
  if (item === null || item === undefined) throw new ValidationError('This field may not be null.', 'null');
  return child[VALIDATE](item);
}
