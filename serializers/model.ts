/**
 * A serializer whose fields come from a TypeORM entity: `ModelSerializer(User, { fields: ['id', 'name'] })`.
 *
 * Shape:  columns and relations become fields on first use, when the data source has been initialised; declared fields
 *         take the place of columns of the same name. `save()` stores through the repository of the entity.
 * Errors: `USAGE` for names that cannot be fields, and for nested values that nobody said how to store.
 */
import { usage } from '../fields/field.js';
import type { NoOptions } from '../fields/types.js';
import { preview } from '../lib/errors.js';
import type { DataSourceLike } from '../lib/settings/options.js';
import type { AnyHooks } from './definition.js';
import { ModelBase, type ModelDefinition } from './model-base.js';
import { type SerializerClass, serializerClassOf } from './serializer.js';
import { type ServiceLike, serviceOf } from './service.js';
import { type FieldNames, modelFields, type NestedTypes } from './typeorm/model-fields.js';
import { type EntityClass, type ModelInfo, modelInfo } from './typeorm/model-info.js';
import { togetherValidators } from './typeorm/unique-sets.js';
import type { AllColumns, AnyFields, ColumnKwargs, Hooks, PropertiesOf, Shape } from './types.js';

/** The names that `fields` and `exclude` stand for. */
type Names<E, D, FK, EX extends readonly unknown[]> = Exclude<
  FK extends readonly (infer K)[] ? K : AllColumns<E> | keyof D,
  EX[number]
> &
  PropertyKey;

export interface ModelOptions<
  E,
  D,
  FK,
  EX extends readonly unknown[],
  RO extends readonly unknown[],
  X,
  N extends number = 0,
> extends Hooks<Shape<E, Names<E, D, FK, EX>, D, RO[number], X, N>> {
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
  /** How many relations deep objects are shown, read-only, in place of their keys. Default: 0. */
  readonly depth?: N;
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
  const N extends number = 0,
>(
  // biome-ignore lint/suspicious/noExplicitAny: entities have constructors of any kind
  entity: abstract new (...args: any[]) => E,
  options: ModelOptions<E, D, FK, EX, RO, X, N>,
): SerializerClass<E, Shape<E, Names<E, D, FK, EX>, D, RO[number], X, N>> {
  const { fields, exclude = [], declared = {}, readOnlyFields = [], extraKwargs = {}, depth = 0, ...rest } = options;
  const { service, dataSource, ...hooks } = rest;
  const kind = `ModelSerializer(${entity.name})`;
  refuseMistakes(kind, { fields, exclude, declared, readOnlyFields, depth });
  const wanted = {
    ...{ fields: fields ?? '__all__', exclude, declared, readOnlyFields, extraKwargs, depth },
    checksTogether: hooks.serializerValidators === undefined,
  } as unknown as FieldNames;
  return serializerClassOf(definitionOf(kind, entity, wanted, hooks as AnyHooks, { service, dataSource }), ModelBase);
}

interface Where {
  readonly service: ServiceLike | undefined;
  readonly dataSource: DataSourceLike | undefined;
}

function definitionOf(
  kind: string,
  entity: EntityClass,
  wanted: FieldNames,
  hooks: AnyHooks,
  where: Where,
): ModelDefinition {
  const dataSource = () => where.dataSource ?? serviceOf(where.service).settings?.dataSource;
  const model = () => modelInfo(entity, dataSource());
  /** Fields are made once, and the next service in use may have another data source. */
  const lasting = (): ModelInfo => ({
    ...model(),
    get dataSource() {
      return model().dataSource;
    },
  });
  return {
    kind,
    fields: () => modelFields(lasting(), wanted, nestedTypes(where)),
    hooks,
    remote: where.service ? { service: where.service } : {},
    dataSource,
    model,
    derivedValidators: (fields) => togetherValidators(lasting(), kind, fields),
  };
}

function nestedTypes(where: Where): NestedTypes {
  return {
    ofEntity: (entity, depth) => {
      const wanted: FieldNames = {
        ...{ fields: '__all__', exclude: [], declared: {}, readOnlyFields: [], extraKwargs: {}, depth },
        checksTogether: false,
      };
      return serializerClassOf(definitionOf(`ModelSerializer(${entity.name})`, entity, wanted, {}, where), ModelBase);
    },
    ofFields: (kind, fields) => serializerClassOf({ kind, fields: () => fields, hooks: {}, remote: {} }),
  };
}

interface Given {
  readonly fields: unknown;
  readonly exclude: readonly unknown[];
  readonly declared: object;
  readonly readOnlyFields: unknown;
  readonly depth: number;
}

function refuseMistakes(kind: string, { fields, exclude, declared, readOnlyFields, depth }: Given): void {
  if (fields === undefined && exclude.length === 0) {
    throw usage(`${kind} needs "fields": a list of names or '__all__'; or "exclude".`);
  }
  if (!Array.isArray(readOnlyFields))
    throw usage(`${kind}: "readOnlyFields" is a list of names, not ${preview(readOnlyFields)}.`);
  if (!Number.isInteger(depth) || depth < 0) throw usage(`${kind}: "depth" is a number from 0 on, not ${depth}.`);
  if (!Array.isArray(fields)) {
    if (fields !== undefined && fields !== '__all__')
      throw usage(`${kind}: "fields" is a list of names or '__all__', not ${preview(fields)}.`);
    return;
  }
  if (exclude.length > 0) throw usage(`${kind}: a list of "fields" and "exclude" contradict each other.`);
  const forgotten = Object.keys(declared).find((name) => !fields.includes(name));
  if (forgotten) throw usage(`${kind}: "${forgotten}" is declared but not in "fields".`);
}
