/**
 * The few queries that validation sends, through TypeORM's query builder: nothing of TypeORM itself is imported.
 *
 * Units:  as many values go in one query as the database binds; a longer list takes several.
 */
import type { ObjectLiteral, Repository, SelectQueryBuilder } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { keysPerQuery } from '../../lib/provider/parameters.js';

export type AnyRepository = Repository<ObjectLiteral>;

/** `items` in parts, each of which one query may ask for with `parts` values an item. */
export function inQueries<T>(repository: AnyRepository, items: readonly T[], parts = 1): T[][] {
  const size = Math.floor(keysPerQuery(repository.manager.connection.options.type, 1) / parts);
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** Rows whose `property` is one of `values`. `extend` adds to the query what else is wanted. */
export async function rowsWhereIn(
  repository: AnyRepository,
  property: string,
  values: readonly unknown[],
  extend: (query: SelectQueryBuilder<ObjectLiteral>) => void = () => {},
): Promise<ObjectLiteral[]> {
  const rows: ObjectLiteral[] = [];
  for (const some of inQueries(repository, values)) {
    const query = repository.createQueryBuilder('t');
    whereIn(query, repository, property, some);
    extend(query);
    rows.push(...(await query.getMany()));
  }
  return rows;
}

/** `ignoresCase` compares in lower case. */
export function whereIn(
  query: SelectQueryBuilder<ObjectLiteral>,
  repository: AnyRepository,
  property: string,
  values: readonly unknown[],
  ignoresCase = false,
): void {
  const { driver } = repository.manager.connection;
  const column = columnOf(repository, property);
  const name = `v${Object.keys(query.getParameters()).length}`;
  const prepared = values.map((value) => (column ? driver.preparePersistentValue(value, column) : value));
  const path = ignoresCase ? `LOWER(t.${property})` : `t.${property}`;
  const list = ignoresCase ? prepared.map((value) => String(value).toLowerCase()) : prepared;
  query.andWhere(`${path} IN (:...${name})`, { [name]: list });
}

/** Of a property, or of the key that a relation holds. */
export function columnOf({ metadata }: AnyRepository, property: string): ColumnMetadata | undefined {
  const relation = metadata.findRelationWithPropertyPath(property);
  return relation?.joinColumns[0]?.referencedColumn ?? metadata.findColumnWithPropertyPathStrict(property);
}
