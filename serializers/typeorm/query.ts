/**
 * The few queries that validation sends, through TypeORM's query builder: nothing of TypeORM itself is imported.
 *
 * Units:  `MAX_VALUES` values go in one query; a longer list takes several.
 */
import type { ObjectLiteral, Repository, SelectQueryBuilder } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

export type AnyRepository = Repository<ObjectLiteral>;

/** PostgreSQL binds at most 65,535 values, SQLite 32,766. */
const MAX_VALUES = 10_000;

/** Rows whose `property` is one of `values`. `extend` adds to the query what else is wanted. */
export async function rowsWhereIn(
  repository: AnyRepository,
  property: string,
  values: readonly unknown[],
  extend: (query: SelectQueryBuilder<ObjectLiteral>) => void = () => {},
): Promise<ObjectLiteral[]> {
  const rows: ObjectLiteral[] = [];
  for (let start = 0; start < values.length; start += MAX_VALUES) {
    const query = repository.createQueryBuilder('t');
    whereIn(query, repository, property, values.slice(start, start + MAX_VALUES));
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
