/**
 * What serializers know of an entity: TypeORM's metadata in our own few words, so that little else reads TypeORM's.
 *
 * Shape:  columns in the order of the entity, relations, embedded objects, and the sets of properties that are unique;
 *         what cannot be a field stands in `unsupported` with the reason, for who asks for it by name.
 * Errors: `USAGE` where no data source is known, it is not initialised, or does not have the entity.
 */
import type { DataSource } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { EmbeddedMetadata } from 'typeorm/metadata/EmbeddedMetadata.js';
import type { EntityMetadata } from 'typeorm/metadata/EntityMetadata.js';
import { usage } from '../../fields/field.js';
import type { DataSourceLike } from '../../lib/settings/options.js';
import { type ColumnInfo, columnInfo } from './column-info.js';
import { type RelationInfo, relationInfo, unsupportedRelation } from './relation-info.js';

// biome-ignore lint/suspicious/noExplicitAny: entities have constructors of any kind
export type EntityClass = abstract new (...args: any[]) => object;

export interface EmbeddedInfo {
  readonly name: string;
  readonly columns: readonly ColumnInfo[];
  readonly embeddeds: readonly EmbeddedInfo[];
}

export interface ModelInfo {
  /** For messages: `unique set` for `UniqueSet`. */
  readonly label: string;
  readonly entity: EntityClass;
  readonly dataSource: DataSource;
  /** The property that is the primary key; undefined where there are several. */
  readonly key: string | undefined;
  readonly columns: readonly ColumnInfo[];
  readonly relations: readonly RelationInfo[];
  readonly embeddeds: readonly EmbeddedInfo[];
  /** Sets of properties of which no two rows have the same values. */
  readonly uniques: readonly (readonly string[])[];
  /** Reasons by name. */
  readonly unsupported: ReadonlyMap<string, string>;
}

const known = new WeakMap<EntityMetadata, ModelInfo>();

export function modelInfo(entity: EntityClass, dataSource: DataSourceLike | undefined): ModelInfo {
  const metadata = metadataOf(entity, dataSource);
  let info = known.get(metadata);
  if (!info) {
    info = infoOf(metadata);
    known.set(metadata, info);
  }
  return info;
}

/** For a repository, whose metadata is at hand. */
export function infoOf(metadata: EntityMetadata): ModelInfo {
  const unsupported = new Map<string, string>();
  for (const { propertyName, isArray } of metadata.embeddeds)
    if (isArray) unsupported.set(propertyName, 'is a list of embedded objects');
  for (const relation of metadata.relations) {
    const reason = unsupportedRelation(relation);
    if (reason) unsupported.set(relation.propertyName, reason);
  }
  const isOwn = ({ propertyName }: { propertyName: string }) => !unsupported.has(propertyName);
  const [primary, second] = metadata.primaryColumns;
  return {
    label: words(metadata.name),
    entity: metadata.target as EntityClass,
    dataSource: metadata.dataSource,
    key: primary && !second ? propertyOf(primary) : undefined,
    columns: metadata.columns.filter((column) => isProperty(column) && !column.embeddedMetadata).map(columnInfo),
    relations: metadata.relations.filter((relation) => isOwn(relation) && !relation.embeddedMetadata).map(relationInfo),
    embeddeds: metadata.embeddeds.filter(isOwn).map(embeddedInfo),
    uniques: uniquesOf(metadata),
    unsupported,
  };
}

/** `UniqueSet`, `createdAt` and `race_name` as people write them. */
export function words(name: string): string {
  return name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
}

export function metadataOf(entity: EntityClass, dataSource: DataSourceLike | undefined): EntityMetadata {
  const name =
    typeof entity === 'function'
      ? entity.name
      : String((entity as { options?: { name?: unknown } }).options?.name ?? entity);
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

/** A column that is a property: no join column, no bookkeeping of trees or inheritance. */
function isProperty(column: ColumnMetadata): boolean {
  const isHidden = column.isVirtual || column.isDiscriminator || column.isTreeLevel || column.isMaterializedPath;
  return !isHidden && !column.isNestedSetLeft && !column.isNestedSetRight;
}

function embeddedInfo({ propertyName, columns, embeddeds }: EmbeddedMetadata): EmbeddedInfo {
  return {
    name: propertyName,
    columns: columns.filter(isProperty).map(columnInfo),
    embeddeds: embeddeds.filter(({ isArray }) => !isArray).map(embeddedInfo),
  };
}

/** MySQL keeps uniques as indices. An index with a condition says nothing of rows that do not meet it. */
function uniquesOf({ uniques, indices, primaryColumns, relations }: EntityMetadata): readonly (readonly string[])[] {
  const sets = [
    ...uniques.map(({ columns }) => columns),
    ...indices.filter(({ isUnique, where }) => isUnique && !where).map(({ columns }) => columns),
    ...(primaryColumns.some(({ isGenerated }) => isGenerated) ? [] : [primaryColumns]),
  ];
  // A key that is a property as well can be written by that property or by its relation.
  const alsoRelations = sets.flatMap(([column, second]) =>
    second
      ? []
      : relations.filter(({ joinColumns }) => joinColumns[0] === column).map(({ propertyName }) => [propertyName]),
  );
  const all = [...sets.map((columns) => columns.map(propertyOf)), ...alsoRelations];
  return [...new Map(all.map((names) => [JSON.stringify([...names].sort()), names])).values()];
}

function propertyOf(column: ColumnMetadata): string {
  return column.isVirtual && column.relationMetadata ? column.relationMetadata.propertyName : column.propertyPath;
}
