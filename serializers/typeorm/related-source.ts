/** Where relation fields find rows: the repositories of a data source. `install.ts` tells the fields. */
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { EntityMetadata } from 'typeorm/metadata/EntityMetadata.js';
import { usage } from '../../fields/field.js';
import type { Queryset, RelatedQuery, RelatedSource, RepositoryLike } from '../../fields/related-source.js';
import type { Ctx } from '../../fields/types.js';
import type { DataSourceLike } from '../../lib/settings/options.js';
import { runOf } from '../scope.js';
import { serviceOf } from '../service.js';
import { lookupOf } from './lookup.js';
import { type EntityClass, metadataOf } from './model-info.js';
import { type AnyRepository, rowsWhereIn } from './query.js';

export function openSource({ queryset, property, where }: RelatedQuery, ctx: Ctx): RelatedSource {
  const repository = repositoryOf(queryset, ctx);
  const column = property === undefined ? primaryOf(repository) : columnFor(repository, property);
  const name = column.propertyPath;
  return {
    property: name,
    toLookup: lookupOf(column),
    find: async (values) => {
      const rows = await rowsWhereIn(repository, name, values, (query) => {
        if (where) query.andWhere(where);
      });
      return new Map(rows.map((row) => [String(column.getEntityValue(row)), row]));
    },
  };
}

/** A class belongs to the data source of the serializer that runs, else to that of the service in use. */
export function repositoryOf(queryset: Queryset, ctx: Ctx): AnyRepository {
  if (typeof queryset !== 'function') return queryset as unknown as AnyRepository;
  // An arrow function, unlike a class, has no prototype.
  if (queryset.prototype === undefined) return (queryset as () => RepositoryLike)() as unknown as AnyRepository;
  const dataSource = dataSourceOf(ctx);
  metadataOf(queryset as EntityClass, dataSource);
  return (dataSource as DataSourceLike).getRepository(queryset) as AnyRepository;
}

function dataSourceOf(ctx: Ctx): DataSourceLike | undefined {
  return runOf(ctx)?.dataSource?.() ?? serviceOf().settings?.dataSource;
}

function primaryOf({ metadata }: AnyRepository): ColumnMetadata {
  const [primary, second] = metadata.primaryColumns;
  if (!primary || second) throw usage(`${metadata.name} has no single primary key: name a unique property of it.`);
  return primary;
}

function columnFor({ metadata }: AnyRepository, property: string): ColumnMetadata {
  const column = metadata.findColumnWithPropertyPath(property);
  if (!column) throw usage(`${metadata.name} has no column "${property}".`);
  return column;
}

/** Entities are known to their data source; any other object has an `id`. */
export function keyOfRow(row: object, ctx: Ctx): unknown {
  const dataSource = row.constructor === Object ? undefined : dataSourceOf(ctx);
  const metadata = dataSource?.isInitialized ? findMetadata(dataSource, row.constructor) : undefined;
  const [primary] = metadata?.primaryColumns ?? [];
  const key = primary ? primary.getEntityValue(row) : (row as { id?: unknown }).id;
  return typeof key === 'bigint' ? String(key) : key;
}

function findMetadata(dataSource: DataSourceLike, type: unknown): EntityMetadata | undefined {
  const { hasMetadata } = dataSource as { hasMetadata?(type: unknown): boolean };
  const isKnown = hasMetadata?.call(dataSource, type) ?? false;
  return isKnown ? (dataSource.getMetadata(type) as EntityMetadata) : undefined;
}
