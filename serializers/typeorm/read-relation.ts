/**
 * The value of a relation on a row, for the fields that show it.
 *
 * Shape:  at once where it was loaded. A lazy relation is loaded for all rows of the run that lack it, by one query.
 * Errors: `USAGE` for a relation that was not loaded: null would be a lie, and nothing at all a silent one.
 */
import { usage } from '../../fields/field.js';
import { loaderFor } from '../../fields/related-loader.js';
import type { Ctx } from '../../fields/types.js';
import type { EntityClass, ModelInfo } from './model-info.js';
import { type AnyRepository, rowsWhereIn } from './query.js';
import type { RelationInfo } from './relation-info.js';

/** `model` is asked late: fields are made while the model is still being described. */
export function readRelation(row: object, relation: RelationInfo, model: ModelInfo, ctx: Ctx): unknown {
  const value = relation.get(row);
  if (value !== undefined) return value;
  const { name, keyColumn, isLazy } = relation;
  const key = keyColumn === undefined ? undefined : (row as Record<string, unknown>)[keyColumn];
  if (key !== undefined) return key;
  if (!isEntity(row, model.entity)) return undefined;
  if (isLazy && model.key !== undefined) return loadLazy(row, relation, model, model.key, ctx);
  throw usage(
    `The relation "${name}" of ${model.entity.name} is not loaded, so its key is not known: load it with \`relations: { ${name}: true }\`, or with \`loadRelationIds: true\` for the keys alone.`,
  );
}

function isEntity(row: object, entity: EntityClass): boolean {
  return typeof entity === 'function' && row instanceof entity;
}

function loadLazy(row: object, relation: RelationInfo, model: ModelInfo, key: string, ctx: Ctx): Promise<unknown> {
  const loader = loaderFor(ctx, relation, () => (rows: readonly object[]) => loadAll(rows, relation, model, key));
  return loader.load(row);
}

async function loadAll(
  rows: readonly object[],
  relation: RelationInfo,
  { entity, dataSource }: ModelInfo,
  key: string,
): Promise<unknown[]> {
  const repository = dataSource.getRepository(entity) as unknown as AnyRepository;
  const keyOf = (row: object) => (row as Record<string, unknown>)[key];
  const keys = [...new Set(rows.map(keyOf))];
  const loaded = await rowsWhereIn(repository, key, keys, (query) => {
    query.select(`t.${key}`).leftJoinAndSelect(`t.${relation.name}`, 'r');
  });
  const values = new Map(loaded.map((row) => [String(keyOf(row)), relation.get(row)]));
  return rows.map((row) => {
    const value = values.get(String(keyOf(row))) ?? (relation.isMany ? [] : null);
    relation.set(row, value);
    return value;
  });
}
