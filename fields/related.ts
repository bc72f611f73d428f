/**
 * Relation fields: a row of another table, shown and written by its primary key or by another unique property.
 *
 * Shape:  `toInternalValue` gives the row itself. Keys of a whole list are looked up by one query.
 * Errors: `does_not_exist` where there is no such row, `incorrect_type` for what cannot be a key.
 */

import type { MaybePromise } from '../lib/maybe-promise.js';
import { EMPTY, Field, NO_CTX, READ, usage } from './field.js';
import { orThrow } from './refusal.js';
import { readRelated } from './related-list.js';
import { loaderFor, type RelatedLoader } from './related-loader.js';
import { type Queryset, type RelatedSource, relatedSources } from './related-source.js';
import type { INPUT } from './related-types.js';
import { typeName } from './type-name.js';
import type { Ctx, FieldOptions, NoOptions } from './types.js';

export interface RelatedOptions<E extends object = object> extends FieldOptions {
  /** The rows that can be named: an entity class, its repository, or a function that gives it. Needed unless `readOnly`. */
  readonly queryset?: Queryset<E>;
  /** Only these rows can be named, as TypeORM's `where` has it. */
  readonly where?: object;
  /** A list of rows. Default: false. */
  readonly many?: boolean;
  /** With `many`: whether `[]` is a value. Default: true. */
  readonly allowEmpty?: boolean;
}

type OneOrMany<T, P> = P extends { readonly many: true } ? T[] : T;

/** What is asked of the loader: a row by its key; undefined where there is none. */
type Lookup = RelatedLoader<unknown, object | undefined> & { readonly source?: RelatedSource };

export abstract class RelatedField<E extends object, P extends RelatedOptions<E>, K> extends Field<P> {
  static override readonly errorMessages: Readonly<Record<string, string>> = {
    not_a_list: 'Expected a list of items but got type "{input_type}".',
    empty: 'This list may not be empty.',
  };
  static override readonly optionNames: readonly string[] = ['queryset', 'where', 'many', 'allowEmpty'];

  declare readonly [INPUT]?: OneOrMany<K, P>;
  readonly #sources = new WeakMap<object, RelatedSource>();

  constructor(options?: P) {
    super(options);
    const { queryset, readOnly } = this.settings as RelatedOptions;
    if (!queryset && !readOnly) throw usage(`${this.constructor.name} needs a "queryset", or to be "readOnly".`);
    if (queryset && readOnly) throw usage(`${this.constructor.name}: "queryset" and "readOnly" contradict each other.`);
  }

  /** `''` stands for null, as in a form that has nothing chosen. */
  override [READ](data: unknown, ctx: Ctx): unknown {
    const { many, readOnly } = this.settings as RelatedOptions;
    return super[READ](data === '' && !many && !readOnly ? null : data, ctx);
  }

  override toInternalValue(data: unknown, ctx: Ctx = NO_CTX): OneOrMany<E, P> | Promise<OneOrMany<E, P>> {
    const { many } = this.settings as RelatedOptions;
    return (many ? this.#readMany(data, ctx) : this.readOne(data, ctx)) as Promise<OneOrMany<E, P>>;
  }

  override toRepresentation(value: unknown, ctx: Ctx = NO_CTX): OneOrMany<K, P> {
    const { many } = this.settings as RelatedOptions;
    if (!many) return this.showOne(value, ctx) as OneOrMany<K, P>;
    return Array.from(value as Iterable<unknown>, (item) => this.showOne(item, ctx)) as OneOrMany<K, P>;
  }

  /** The row that one value names. */
  protected abstract readOne(data: unknown, ctx: Ctx): MaybePromise<object>;

  /** What stands for one row. */
  protected abstract showOne(row: unknown, ctx: Ctx): unknown;

  /** The property that is looked up; undefined for the primary key. */
  protected get property(): string | undefined {
    return undefined;
  }

  protected source(ctx: Ctx): RelatedSource {
    const { queryset, where } = this.settings as RelatedOptions;
    if (!queryset) throw usage(`${this.constructor.name} is read-only: it has no "queryset".`);
    const owner = (ctx as { readonly run?: object }).run ?? ctx;
    let source = this.#sources.get(owner);
    if (!source) {
      source = relatedSources().open({ queryset, property: this.property, where }, ctx);
      // What is frozen stands for no run at all, and could be asked for another data source.
      if (!Object.isFrozen(owner)) this.#sources.set(owner, source);
    }
    return source;
  }

  /** One query for all that are looked up now. */
  protected find(value: unknown, ctx: Ctx): Promise<object | undefined> {
    const source = this.source(ctx);
    const loader: Lookup = loaderFor(ctx, this, () => async (values: readonly unknown[]) => {
      const rows = await source.find([...new Map(values.map((each) => [String(each), each])).values()]);
      return values.map((each) => rows.get(String(each)));
    });
    return loader.load(value);
  }

  #readMany(data: unknown, ctx: Ctx): MaybePromise<object[]> {
    if (!Array.isArray(data)) return this.fail('not_a_list', { input_type: typeName(data) });
    if (data.length === 0 && (this.settings as RelatedOptions).allowEmpty === false) this.fail('empty');
    return orThrow(readRelated(data, (item) => this.#readItem(item, ctx)));
  }

  #readItem(item: unknown, ctx: Ctx): MaybePromise<object> {
    if (item === null || item === undefined || item === '' || item === EMPTY) return this.fail('null');
    return this.readOne(item, ctx);
  }
}

type KeyOf<E> = E extends { id: infer I } ? I : string | number;

/** `new PrimaryKeyRelatedField({ queryset: Author })`: shown and written as the primary key. */
export class PrimaryKeyRelatedField<
  E extends object = { id: string | number },
  const P extends RelatedOptions<E> = NoOptions,
> extends RelatedField<E, P, KeyOf<E>> {
  static override readonly errorMessages = {
    does_not_exist: 'Invalid pk "{pk_value}" - object does not exist.',
    incorrect_type: 'Incorrect type. Expected pk value, received {data_type}.',
    invalid: '\u201c{value}\u201d is not a valid UUID.',
  };
  static override readonly optionNames: readonly string[] = [];

  /** The entity is inferred from `queryset`. */
  constructor(options?: P & { readonly queryset?: Queryset<E> }) {
    super(options);
  }

  protected override readOne(data: unknown, ctx: Ctx): MaybePromise<object> {
    // A boolean would read as 0 or 1.
    const lookup = typeof data === 'boolean' ? ({ problem: 'type' } as const) : this.source(ctx).toLookup(data);
    if (!('problem' in lookup)) return this.#existing(lookup.value, data, ctx);
    if (lookup.problem === 'type') return this.fail('incorrect_type', { data_type: typeName(data) });
    if (lookup.problem === 'format') return this.fail('invalid', { value: data });
    return this.fail('does_not_exist', { pk_value: data });
  }

  /** The key of a row, or what stands for it where keys alone were loaded. */
  protected override showOne(row: unknown, ctx: Ctx): unknown {
    if (typeof row !== 'object' || row === null) return typeof row === 'bigint' ? String(row) : row;
    return relatedSources().keyOf(row, ctx);
  }

  async #existing(value: unknown, data: unknown, ctx: Ctx): Promise<object> {
    return (await this.find(value, ctx)) ?? this.fail('does_not_exist', { pk_value: data });
  }
}

export interface SlugRelatedOptions<E extends object = object> extends RelatedOptions<E> {
  /** The unique property that stands for a row. */
  readonly slugField: keyof E & string;
}

type SlugOf<E, P> = P extends { readonly slugField: infer S extends keyof E } ? E[S] : unknown;

/** `new SlugRelatedField({ queryset: Author, slugField: 'email' })`: shown and written as another unique property. */
export class SlugRelatedField<E extends object, const P extends SlugRelatedOptions<E>> extends RelatedField<
  E,
  P,
  SlugOf<E, P>
> {
  static override readonly errorMessages = {
    does_not_exist: 'Object with {slug_name}={value} does not exist.',
    invalid: 'Invalid value.',
  };
  static override readonly optionNames: readonly string[] = ['slugField'];

  /** The entity is inferred from `queryset`. */
  constructor(options: P & { readonly queryset?: Queryset<E> }) {
    super(options);
  }

  protected override get property(): string {
    return this.options.slugField;
  }

  protected override readOne(data: unknown, ctx: Ctx): MaybePromise<object> {
    const lookup = this.source(ctx).toLookup(data);
    if (!('problem' in lookup)) return this.#existing(lookup.value, data, ctx);
    if (lookup.problem !== 'absent') return this.fail('invalid');
    return this.fail('does_not_exist', { slug_name: this.property, value: data });
  }

  protected override showOne(row: unknown): unknown {
    return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[this.property] : row;
  }

  async #existing(value: unknown, data: unknown, ctx: Ctx): Promise<object> {
    const facts = { slug_name: this.property, value: data };
    return (await this.find(value, ctx)) ?? this.fail('does_not_exist', facts);
  }
}

/** What a row says of itself, `toString()`. Read-only. */
export class StringRelatedField<const P extends Omit<RelatedOptions, 'queryset'> = NoOptions> extends Field<
  P & { readonly readOnly: true }
> {
  static override readonly optionNames = ['many'];

  constructor(options?: P) {
    super({ ...(options as P), readOnly: true });
  }

  override toInternalValue(): never {
    throw new Error('A read-only field reads nothing.');
  }

  override toRepresentation(value: unknown): OneOrMany<string, P> {
    const { many } = this.options as RelatedOptions;
    return (many ? Array.from(value as Iterable<unknown>, String) : String(value)) as OneOrMany<string, P>;
  }
}
