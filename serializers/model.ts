/**
 * A serializer whose fields come from a TypeORM entity: `ModelSerializer(User, { fields: ['id', 'name'] })`.
 *
 * Shape:  columns and to-one relations become fields on first use, when the data source has been initialised; declared
 *         fields take the place of columns of the same name. `save()` stores through the repository of the entity.
 * Errors: `USAGE` for names that cannot be fields, and for nested values that nobody said how to store.
 */
import { usage } from '../fields/field.js';
import type { AnyField, FieldOptions, NoOptions } from '../fields/types.js';
import type { DataSourceLike } from '../lib/settings.js';
import { BaseSerializer } from './base-serializer.js';
import { compiled } from './compile.js';
import { type AnyHooks, DEFINITION, type Definition } from './definition.js';
import { isNested } from './nested.js';
import { type SerializerClass, serializerClassOf } from './serializer.js';
import { type ServiceLike, serviceOf } from './service.js';
import { modelFields } from './typeorm/model-fields.js';
import { modelInfo } from './typeorm/model-info.js';
import { createRows, type Store, updateRow } from './typeorm/store.js';
import type { AllColumns, AnyFields, ColumnKwargs, Hooks, PropertiesOf, Shape } from './types.js';

/** The names that `fields` and `exclude` stand for. */
type Names<E, D, FK, EX extends readonly unknown[]> = Exclude<
  FK extends readonly (infer K)[] ? K : AllColumns<E> | keyof D,
  EX[number]
> &
  PropertyKey;

export interface ModelOptions<E, D, FK, EX extends readonly unknown[], RO extends readonly unknown[], X>
  extends Hooks<Shape<E, Names<E, D, FK, EX>, D, RO[number], X>> {
  /** The names of the fields, in order; `'__all__'` for the columns, to-one relations and declared fields. */
  readonly fields?: FK;
  /** With `'__all__'`, or without `fields`: the names that are left out. */
  readonly exclude?: EX;
  /** Fields that are no columns, or that replace the field of a column. */
  readonly declared?: D;
  /** Columns that are shown and never written. */
  readonly readOnlyFields?: RO;
  /** Options for the fields of columns, by name. */
  readonly extraKwargs?: X;
  /** Which service sends for remote fields and has the data source. Default: the one in use. */
  readonly service?: ServiceLike;
  /** Where the entity lives. Default: `dataSource` of the service. */
  readonly dataSource?: DataSourceLike;
}

/** A serializer of the objects of an entity. */
export function ModelSerializer<
  E extends object,
  const D extends AnyFields<E> = NoOptions,
  const FK extends readonly (PropertiesOf<E> | keyof D)[] | '__all__' = '__all__',
  const EX extends readonly (AllColumns<E> | keyof D)[] = readonly [],
  const RO extends readonly Names<E, D, FK, EX>[] = readonly [],
  const X extends { readonly [K in Names<E, D, FK, EX>]?: ColumnKwargs } = NoOptions,
>(
  // biome-ignore lint/suspicious/noExplicitAny: entities have constructors of any kind
  entity: abstract new (...args: any[]) => E,
  options: ModelOptions<E, D, FK, EX, RO, X>,
): SerializerClass<E, Shape<E, Names<E, D, FK, EX>, D, RO[number], X>> {
  const { fields, exclude = [], declared = {}, readOnlyFields = [], extraKwargs = {}, ...rest } = options;
  const { service, dataSource, ...hooks } = rest;
  const kind = `ModelSerializer(${entity.name})`;
  refuseContradictions(kind, fields, exclude, declared);
  const info = () => modelInfo(entity, dataSourceOf());
  const dataSourceOf = () => dataSource ?? serviceOf(service).settings?.dataSource;
  const wanted = { fields: fields ?? '__all__', exclude, declared, readOnlyFields, extraKwargs } as const;
  const definition: ModelDefinition = {
    kind,
    fields: () => modelFields(entity, info(), wanted as Parameters<typeof modelFields>[2]),
    hooks: hooks as AnyHooks,
    remote: service ? { service } : {},
    store: () => ({ entity, dataSource: dataSourceOf() as DataSourceLike, info: info() }),
  };
  return serializerClassOf(definition, ModelBase);
}

interface ModelDefinition extends Definition {
  /** Throws where `fields` would. */
  store(): Store;
}

abstract class ModelBase extends BaseSerializer<object, unknown, object> {
  override async create(attrs: object): Promise<object> {
    const [row] = await createRows(this.#storeFor(attrs), [attrs]);
    return row as object;
  }

  /** All in one transaction, unless `create` is overridden: then one after the other. */
  override async createMany(list: readonly object[]): Promise<object[]> {
    if (this.create !== ModelBase.prototype.create) return super.createMany(list);
    const [first] = list;
    return first ? createRows(this.#storeFor(first), list) : [];
  }

  override async update(row: object, attrs: object): Promise<object> {
    return updateRow(this.#storeFor(attrs), row, attrs);
  }

  #storeFor(attrs: object): Store {
    const definition = (this.constructor as unknown as { [DEFINITION]: ModelDefinition })[DEFINITION];
    for (const [name, field] of Object.entries(compiled(definition).fields))
      refuseNested(this.constructor.name, name, field, attrs);
    return definition.store();
  }
}

/** There is no one way to store what is nested. */
function refuseNested(type: string, name: string, field: AnyField, attrs: object): void {
  const { source = name, readOnly } = field.options as FieldOptions;
  const [first = name, ...deeper] = source.split('.');
  if (readOnly || !Object.hasOwn(attrs, first) || (!isNested(field) && deeper.length === 0)) return;
  throw usage(
    `${type}: "${name}" is nested. Override create() and update() to say how it is stored, or make it readOnly.`,
  );
}

function refuseContradictions(kind: string, fields: unknown, exclude: readonly unknown[], declared: object): void {
  if (fields === undefined && exclude.length === 0) {
    throw usage(`${kind} needs "fields": a list of names or '__all__'; or "exclude".`);
  }
  if (!Array.isArray(fields)) {
    if (fields !== undefined && fields !== '__all__') throw usage(`${kind}: "fields" is a list of names or '__all__'.`);
    return;
  }
  if (exclude.length > 0) throw usage(`${kind}: a list of "fields" and "exclude" contradict each other.`);
  const forgotten = Object.keys(declared).find((name) => !fields.includes(name));
  if (forgotten) throw usage(`${kind}: "${forgotten}" is declared but not in "fields".`);
}
