/**
 * What serializers know of a relation, and how its value lies on a row.
 *
 * Shape:  `get` and `set` touch no database, though the relation may be lazy: a lazy property would send a query for
 *         each row that is looked at.
 */
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import { type ColumnKind, kindOf } from './column-info.js';
import type { EntityClass } from './model-info.js';

export interface RelationInfo {
  readonly name: string;
  readonly isMany: boolean;
  readonly isNullable: boolean;
  readonly isLazy: boolean;
  /** The key lies in the table of this entity, or in a table that joins the two. */
  readonly isOwn: boolean;
  /** The database has a default for the key. */
  readonly hasDefault: boolean;
  readonly isPrimary: boolean;
  readonly target: EntityClass;
  /** The property of the other entity by which it is joined: its primary key, unless the relation says otherwise. */
  readonly key: string;
  readonly keyKind: ColumnKind;
  readonly isByPrimaryKey: boolean;
  /** The property of this entity that holds the key as well, if there is one. */
  readonly keyColumn: string | undefined;
  /** Saving a row saves new related objects, or changed ones. */
  readonly cascades: { readonly insert: boolean; readonly update: boolean };
  /** undefined: not loaded. */
  get(row: object): unknown;
  set(row: object, value: unknown): void;
}

/** Why a relation can be no field, or undefined where it can. */
export function unsupportedRelation({ inverseEntityMetadata }: RelationMetadata): string | undefined {
  const isComposite = inverseEntityMetadata.primaryColumns.length !== 1;
  return isComposite ? 'refers to an entity with a composite primary key' : undefined;
}

export function relationInfo(relation: RelationMetadata): RelationInfo {
  const isMany = relation.isOneToMany || relation.isManyToMany;
  const isOwn = relation.isManyToOne || relation.isOneToOneOwner || relation.isManyToMany;
  const [primary] = relation.inverseEntityMetadata.primaryColumns as [ColumnMetadata];
  const join = isMany ? undefined : relation.joinColumns[0];
  const key = join?.referencedColumn ?? primary;
  return {
    name: relation.propertyName,
    isMany,
    isNullable: relation.isNullable,
    isLazy: relation.isLazy,
    isOwn,
    hasDefault: join?.default !== undefined,
    isPrimary: relation.isPrimary,
    target: relation.inverseEntityMetadata.target as EntityClass,
    key: key.propertyName,
    keyKind: kindOf(key),
    isByPrimaryKey: key === primary,
    keyColumn: join !== undefined && !join.isVirtual ? join.propertyName : undefined,
    cascades: { insert: relation.isCascadeInsert, update: relation.isCascadeUpdate },
    get: (row) =>
      relation.isLazy ? lazyValue(row, relation) : (row as Record<string, unknown>)[relation.propertyName],
    // Not TypeORM's own `setEntityValue`: that one merges into the related object that is there. A lazy property takes a
    // plain value as what was loaded.
    set: (row, value) => {
      (row as Record<string, unknown>)[relation.propertyName] = value;
    },
  };
}

/** The property itself is a promise, and asking for it is asking the database. */
function lazyValue(row: object, relation: RelationMetadata): unknown {
  const loaded: unknown = relation.getEntityValue(row);
  if (loaded !== undefined) return loaded;
  const own = Object.getOwnPropertyDescriptor(row, relation.propertyName);
  return own && 'value' in own ? own.value : undefined;
}
