/**
 * The tables of the recorded cases in sql.js, filled anew before a case that writes.
 *
 * Shape:  `ModelDatabase.open(models, rows)`; `load(model, key)` gives a row with its relations, `stored(model, key)`
 *         the row as the record writes it.
 */
import { DataSource, type EntityMetadata, type ObjectLiteral } from 'typeorm';
import type { SqljsEntityManager } from 'typeorm/entity-manager/SqljsEntityManager.js';
import { type DescribedModel, describeModels, type EntityType, type Models } from './models.js';
import { decode } from './tags.js';

export type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

export class ModelDatabase {
  readonly models: ReadonlyMap<string, DescribedModel>;
  readonly dataSource: DataSource;
  #filled: Uint8Array | undefined;
  #isWritten = false;

  private constructor(models: Models) {
    this.models = describeModels(models, 'sqljs');
    const entities = [...this.models.values()].map(({ schema }) => schema);
    this.dataSource = new DataSource({ type: 'sqljs', entities, synchronize: true });
  }

  static async open(models: Models, rows: Rows): Promise<ModelDatabase> {
    const database = new ModelDatabase(models);
    await database.dataSource.initialize();
    for (const [name, list] of Object.entries(rows)) {
      for (const row of list) await database.#insert(name, row);
    }
    database.#filled = database.#manager.exportDatabase();
    return database;
  }

  model(name: string): DescribedModel {
    const model = this.models.get(name);
    if (!model) throw new Error(`There is no model ${name}`);
    return model;
  }

  /** As it was after `open`; nothing to do where nothing was written since. */
  async reset(): Promise<void> {
    if (!this.#isWritten) return;
    this.#isWritten = false;
    await this.#manager.loadDatabase(this.#filled as Uint8Array);
    await this.dataSource.query('PRAGMA foreign_keys = ON');
  }

  /** With relations of relations, as far as `depth` shows them. */
  async load(name: string, key: unknown, depth = 0): Promise<object> {
    const { type } = this.model(name);
    const metadata = this.dataSource.getMetadata(type);
    const relations = relationsOf(metadata, depth + 1);
    const where = metadata.ensureEntityIdMap(metadata.primaryColumns.length > 0 ? decode(key) : key);
    return this.dataSource.getRepository(type).findOneOrFail({ where, relations });
  }

  /** Columns, keys, and sorted lists of keys. */
  async stored(name: string, row: object): Promise<Record<string, unknown>> {
    const { type, lists } = this.model(name);
    this.#isWritten = true;
    const metadata = this.dataSource.getMetadata(type);
    const key = Object.values(metadata.getEntityIdMap(row) as object)[0];
    const keyOf = (value: ObjectLiteral): unknown => (value instanceof Object ? idOf(this.dataSource, value) : value);
    const loaded = (await this.load(name, keyOf(key))) as Record<string, never>;
    const stored: Record<string, unknown> = {};
    for (const column of metadata.columns) {
      if (column.isVirtual || column.relationMetadata) continue;
      const value: unknown = loaded[column.propertyName];
      stored[column.propertyName] =
        column.type === 'decimal' && value !== null ? Number(value).toFixed(column.scale) : value;
    }
    for (const { propertyName, isManyToOne, isOneToOneOwner, joinColumns } of metadata.relations) {
      const value: ObjectLiteral | null = loaded[propertyName] as never;
      if (isManyToOne || isOneToOneOwner)
        stored[propertyName] = value && joinColumns[0]?.referencedColumn?.getEntityValue(value);
      else if (lists.includes(propertyName)) stored[propertyName] = (value as unknown as object[]).map(keyOf).sort();
    }
    return stored;
  }

  get #manager(): SqljsEntityManager {
    return this.dataSource.manager as SqljsEntityManager;
  }

  async #insert(name: string, row: Readonly<Record<string, unknown>>): Promise<void> {
    const { type } = this.model(name);
    const metadata = this.dataSource.getMetadata(type);
    const values = Object.entries(row).map(([key, value]) => [key, related(metadata, key, decode(value))]);
    const repository = this.dataSource.getRepository(type as EntityType);
    await repository.save(repository.create(Object.fromEntries(values)));
  }
}

/** Keys become objects with that key. */
function related(metadata: EntityMetadata, name: string, value: unknown): unknown {
  const relation = metadata.findRelationWithPropertyPath(name);
  if (!relation || value === null) return value;
  const column = relation.joinColumns[0]?.referencedColumn ?? relation.inverseEntityMetadata.primaryColumns[0];
  const one = (key: unknown) => column?.createValueMap(key) as unknown;
  return Array.isArray(value) ? value.map(one) : one(value);
}

function relationsOf({ relations }: EntityMetadata, depth: number): Record<string, object | true> {
  return Object.fromEntries(
    relations.map((relation) => [
      relation.propertyName,
      depth > 1 ? relationsOf(relation.inverseEntityMetadata, depth - 1) : true,
    ]),
  );
}

function idOf(dataSource: DataSource, row: object): unknown {
  return dataSource.getMetadata(row.constructor).primaryColumns[0]?.getEntityValue(row);
}
