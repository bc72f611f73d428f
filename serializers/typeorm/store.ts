/**
 * Storing the values of a model serializer through the repository of its entity.
 *
 * Each function is one `repository.save`, which TypeORM runs in one transaction: a list is stored as a whole or not.
 */
import type { Repository } from 'typeorm';
import type { DataSourceLike } from '../../lib/settings.js';
import type { EntityClass, ModelInfo } from './model-info.js';

type Row = Record<string, unknown>;

export interface Store {
  readonly entity: EntityClass;
  readonly dataSource: DataSourceLike;
  readonly info: ModelInfo;
}

export function createRows(store: Store, list: readonly object[]): Promise<object[]> {
  const repository = repositoryOf(store);
  return repository.save(list.map((attrs) => withNulls(store.info, repository.create(attrs as Row))));
}

/** Assigned one by one: TypeORM's own `merge` would write a new key into the related object that is loaded. */
export function updateRow({ entity, dataSource, info }: Store, row: object, attrs: object): Promise<object> {
  return repositoryOf({ entity, dataSource, info }).save(Object.assign(row, attrs) as Row);
}

function repositoryOf({ entity, dataSource }: Store): Repository<Row> {
  return dataSource.getRepository(entity) as Repository<Row>;
}

/** What was not given and may be null is null in the table: say so on the row, where undefined means "not loaded". */
function withNulls({ columns, relations }: ModelInfo, row: Row): Row {
  const nullable = [...columns.filter(({ hasDefault, isAutomatic }) => !hasDefault && !isAutomatic), ...relations];
  for (const { name, isNullable } of nullable) {
    if (isNullable && row[name] === undefined) row[name] = null;
  }
  return row;
}
