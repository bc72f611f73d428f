/**
 * What serializers know of an entity: TypeORM's metadata in our own few words, so that nothing else reads TypeORM's.
 *
 * Shape:  columns in the order of the entity, and to-one relations; what cannot be a field yet stands in `unsupported`
 *         with the reason, for who asks for it by name.
 * Errors: `USAGE` where no data source is known, it is not initialised, or does not have the entity.
 */
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { EntityMetadata } from 'typeorm/metadata/EntityMetadata.js';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import { usage } from '../../fields/field.js';
import type { DataSourceLike } from '../../lib/settings.js';

// biome-ignore lint/suspicious/noExplicitAny: entities have constructors of any kind
export type EntityClass = abstract new (...args: any[]) => object;

/** How the values of a column look. */
export type ColumnKind = 'boolean' | 'integer' | 'float' | 'text' | 'datetime' | 'json' | 'texts' | 'enum' | 'other';

export interface ColumnInfo {
  readonly name: string;
  readonly kind: ColumnKind;
  /** A list of such values in one column. */
  readonly isList: boolean;
  readonly isPrimary: boolean;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
  /** Generated, or set by TypeORM or the database on its own. */
  readonly isAutomatic: boolean;
  /** Loaded without being asked for: not `select: false`. */
  readonly isSelected: boolean;
  readonly maxLength: number | undefined;
  readonly choices: readonly (string | number)[] | undefined;
}

export interface RelationInfo {
  readonly name: string;
  readonly isNullable: boolean;
  /** The property of the other entity that is its primary key. */
  readonly key: string;
  readonly keyKind: ColumnKind;
  /** The property of this entity that holds the key as well, if there is one. */
  readonly keyColumn: string | undefined;
}

export interface ModelInfo {
  readonly columns: readonly ColumnInfo[];
  readonly relations: readonly RelationInfo[];
  /** Reasons by name. */
  readonly unsupported: ReadonlyMap<string, string>;
}

export function modelInfo(entity: EntityClass, dataSource: DataSourceLike | undefined): ModelInfo {
  const metadata = metadataOf(entity, dataSource);
  const unsupported = new Map<string, string>();
  for (const { propertyName } of metadata.embeddeds) unsupported.set(propertyName, 'is an embedded entity');
  const isToOne = (relation: RelationMetadata) => relation.isManyToOne || relation.isOneToOneOwner;
  for (const relation of metadata.relations) {
    if (!isToOne(relation)) unsupported.set(relation.propertyName, 'is a relation whose key lies on the other side');
    else if (relation.inverseEntityMetadata.primaryColumns.length !== 1) {
      unsupported.set(relation.propertyName, 'refers to an entity with a composite primary key');
    }
  }
  const isOwn = ({ propertyName }: RelationMetadata) => !unsupported.has(propertyName);
  return {
    columns: metadata.columns.filter(isProperty).map(columnInfo),
    relations: metadata.relations.filter((relation) => isToOne(relation) && isOwn(relation)).map(relationInfo),
    unsupported,
  };
}

function metadataOf(entity: EntityClass, dataSource: DataSourceLike | undefined): EntityMetadata {
  const { name } = entity;
  if (!dataSource) {
    throw usage(
      `ModelSerializer(${name}) knows no data source: call \`configure({ dataSource })\`, or give it the option "dataSource".`,
    );
  }
  if (!dataSource.isInitialized) {
    throw usage(`ModelSerializer(${name}) needs columns, known once \`await dataSource.initialize()\` is done.`);
  }
  try {
    return dataSource.getMetadata(entity) as EntityMetadata;
  } catch {
    throw usage(`ModelSerializer(${name}): the data source does not have this entity. Add it to its "entities".`);
  }
}

/** A column of the entity itself: no join column, no bookkeeping of trees or inheritance. */
function isProperty(column: ColumnMetadata): boolean {
  const isHidden = column.isVirtual || column.isDiscriminator || column.isTreeLevel || column.isMaterializedPath;
  return !isHidden && !column.isNestedSetLeft && !column.isNestedSetRight && !column.embeddedMetadata;
}

function columnInfo(column: ColumnMetadata): ColumnInfo {
  const length = Number(column.length);
  const isDate = column.isCreateDate || column.isUpdateDate || column.isDeleteDate;
  const isComputed = column.isVirtualProperty || column.generatedType !== undefined;
  return {
    name: column.propertyName,
    kind: kindOf(column),
    isList: column.isArray,
    isPrimary: column.isPrimary,
    isNullable: column.isNullable,
    hasDefault: column.default !== undefined,
    isAutomatic: column.isGenerated || column.isVersion || isDate || isComputed,
    isSelected: column.isSelect,
    maxLength: length > 0 ? length : undefined,
    choices: column.enum,
  };
}

function relationInfo(relation: RelationMetadata): RelationInfo {
  const [key] = relation.inverseEntityMetadata.primaryColumns as [ColumnMetadata];
  const [join] = relation.joinColumns;
  const isKeyColumn = join !== undefined && !join.isVirtual && join.referencedColumn === key;
  return {
    name: relation.propertyName,
    isNullable: relation.isNullable,
    key: key.propertyName,
    keyKind: kindOf(key),
    keyColumn: isKeyColumn ? join.propertyName : undefined,
  };
}

const KINDS: readonly (readonly [ColumnKind, readonly string[]])[] = [
  ['boolean', ['boolean', 'bool']],
  ['integer', ['int', 'int2', 'int4', 'integer', 'smallint', 'tinyint', 'mediumint', 'year']],
  ['float', ['float', 'float4', 'float8', 'float64', 'double', 'double precision', 'real']],
  ['json', ['json', 'jsonb', 'simple-json']],
  ['texts', ['simple-array']],
  ['datetime', ['datetime', 'datetime2', 'datetimeoffset', 'smalldatetime', 'timestamptz', 'seconddate']],
  ['text', ['text', 'citext', 'tinytext', 'mediumtext', 'longtext', 'ntext', 'clob', 'nclob', 'string', 'character']],
];
const KIND_BY_TYPE = new Map(KINDS.flatMap(([kind, types]) => types.map((type) => [type, kind] as const)));

/** Columns of 64 bits, decimals, uuids, dates without a time and so on are `other`: they pass through as they are. */
function kindOf({ type, enum: values }: ColumnMetadata): ColumnKind {
  if (values) return 'enum';
  if (type === Boolean) return 'boolean';
  if (type === Number) return 'integer';
  if (type === String) return 'text';
  if (type === Date) return 'datetime';
  const text = String(type);
  if (text.startsWith('timestamp')) return 'datetime';
  return KIND_BY_TYPE.get(text) ?? (/char/.test(text) ? 'text' : 'other');
}
