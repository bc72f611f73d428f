/**
 * Storing the values of a model serializer through the repository of its entity.
 *
 * Each function is one `repository.save`, which TypeORM runs in one transaction, what is nested included: a list is
 * stored as a whole or not, in as many statements as the database needs.
 * Errors: `USAGE` for a nested value in place of an object that was not loaded.
 */
import type { ObjectLiteral, Repository } from 'typeorm';
import { usage } from '../../fields/field.js';
import { keysPerQuery } from '../../lib/provider/parameters.js';
import { type ModelInfo, modelInfo } from './model-info.js';
import type { RelationInfo } from './relation-info.js';

type Row = Record<string, unknown>;

export async function createRows(model: ModelInfo, list: readonly object[]): Promise<object[]> {
  const repository = repositoryOf(model);
  const rows = list.map((attrs) => withNulls(model, created(model, repository.create(attrs as Row), attrs as Row)));
  const saved = await repository.save(rows, { chunk: rowsPerStatement(repository) });
  for (const row of saved) setUnrelated(model, row);
  return saved;
}

export function updateRow(model: ModelInfo, row: object, attrs: object): Promise<object> {
  assign(model, row, attrs);
  return repositoryOf(model).save(row);
}

/** One by one: TypeORM's own `merge` would write a new key into the related object that is loaded. */
function assign(model: ModelInfo, row: object, attrs: object): void {
  for (const [name, value] of Object.entries(attrs)) {
    const relation = model.relations.find((each) => each.name === name);
    if (relation) relation.set(row, relatedValue(model, relation, row, value));
    else assignColumn(model.embeddeds, row as Row, name, value);
  }
}

/** Of an embedded object the columns that were not given stay. */
function assignColumn(embeddeds: ModelInfo['embeddeds'], row: Row, name: string, value: unknown): void {
  const embedded = embeddeds.find((each) => each.name === name);
  if (!embedded) {
    row[name] = value;
    return;
  }
  row[name] ??= {};
  for (const [part, given] of Object.entries(value ?? {})) {
    assignColumn(embedded.embeddeds, row[name] as Row, part, given);
  }
}

/** What is nested changes the object that is there; a row that was chosen takes its place. */
function relatedValue(model: ModelInfo, relation: RelationInfo, row: object, value: unknown): unknown {
  const { isMany, target, get, name } = relation;
  // A row that was named twice would be joined twice, which the table that joins refuses.
  if (isMany) return Array.isArray(value) ? [...new Set(value)] : value;
  const current = get(row);
  if (typeof value !== 'object' || value === null || value.constructor !== Object) return value;
  if (typeof current !== 'object') {
    throw usage(
      `The relation "${name}" of ${model.entity.name} is not loaded, so that what is nested would be stored as a new object beside the one that is there: load it with \`relations: { ${name}: true }\`.`,
    );
  }
  if (!(current instanceof target)) return value;
  assign(modelInfo(target, model.dataSource), current, value);
  return current;
}

function rowsPerStatement({ metadata, manager }: Repository<ObjectLiteral>): number {
  const values = keysPerQuery(manager.dataSource.options.type, 1);
  return Math.max(1, Math.floor(values / metadata.columns.length));
}

function repositoryOf({ dataSource, entity }: ModelInfo): Repository<ObjectLiteral> {
  return dataSource.getRepository(entity) as Repository<ObjectLiteral>;
}

/** TypeORM's `create` passes over lazy relations. */
function created({ relations }: ModelInfo, row: Row, attrs: Row): Row {
  for (const { name, isLazy, set } of relations) if (isLazy && Object.hasOwn(attrs, name)) set(row, attrs[name]);
  return row;
}

/** What was not given and may be null is null in the table: say so on the row, where undefined means "not loaded". */
function withNulls({ columns, relations }: ModelInfo, row: Row): Row {
  for (const { name, isNullable, hasDefault, isAutomatic } of columns) {
    if (isNullable && !hasDefault && !isAutomatic && row[name] === undefined) row[name] = null;
  }
  for (const { isMany, isOwn, isNullable, hasDefault, get, set } of relations) {
    if (isOwn && !isMany && isNullable && !hasDefault && get(row) === undefined) set(row, null);
  }
  return row;
}

/** A new row is related to nothing but what it was given. */
function setUnrelated({ relations }: ModelInfo, row: Row): void {
  for (const { isMany, isOwn, get, set } of relations) {
    if ((isMany || !isOwn) && get(row) === undefined) set(row, isMany ? [] : null);
  }
}
