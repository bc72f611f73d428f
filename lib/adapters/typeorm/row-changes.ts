/**
 * Rows that TypeORM has changed, once their change is there to read: after the commit, and not at all after a rollback.
 *
 * Shape:  one subscriber per data source; tables are told apart by their path, so that a class and those that inherit its
 *         table are one. What `save`, `remove`, `softRemove` and `recover` change is known by its keys, before and after.
 *         A statement of the query builder says only which table it went to: every row of it may have changed. That goes
 *         for `update`, `insert`, `upsert` and `delete` of a repository too.
 * Bounds: a transaction keeps 1,000 keys of a route; one that changes more has changed every row.
 */
import type { DataSource, EntityMetadata, EntitySubscriberInterface, QueryRunner, Repository } from 'typeorm';
import { BgTasksError } from '../../errors.js';
import type { ProvidedRows } from '../../provider/invalidating.js';
import { type AnyKey, rowKeyForm } from '../../provider/remote-key.js';
import { type ChangedKeys, ChangedRows } from '../../remote/changed-rows.js';

/** The rows that a task gives out. */
export interface WatchedTask {
  readonly route: string;
  readonly rows: ProvidedRows;
}

type OnChange = (route: string, keys: ChangedKeys) => void;

export class RowChanges {
  readonly #onChange: OnChange;
  readonly #sources = new Map<DataSource, SourceChanges>();

  constructor(onChange: OnChange) {
    this.#onChange = onChange;
  }

  /**
   * Watches these and no others. Again when there are more of them, or when a data source was initialized again.
   * `isLenient` leaves out a data source that is not initialized yet, which is `USAGE` otherwise.
   */
  watch(tasks: readonly WatchedTask[], { isLenient }: { readonly isLenient: boolean }): void {
    for (const source of this.#sources.values()) source.tasks.clear();
    for (const { route, rows } of tasks) {
      const { metadata, manager } = lookedAt(rows, route, isLenient) ?? {};
      if (metadata && manager) this.#of(manager.dataSource).add(metadata.tablePath, { route, by: rows.by });
    }
  }

  close(): void {
    for (const source of this.#sources.values()) source.close();
    this.#sources.clear();
  }

  #of(dataSource: DataSource): SourceChanges {
    const source = this.#sources.get(dataSource) ?? new SourceChanges(dataSource, this.#onChange);
    this.#sources.set(dataSource, source);
    source.open();
    return source;
  }
}

function lookedAt({ repository }: ProvidedRows, route: string, isLenient: boolean): Repository<object> | undefined {
  if (repository.manager.dataSource.isInitialized) return repository as unknown as Repository<object>;
  if (isLenient) return undefined;
  const message = `The provider of "${route}" has "invalidate", which needs an initialized data source: initialize it before start().`;
  throw new BgTasksError('USAGE', message, { route });
}

/** A route, and what makes up its keys. */
interface Target {
  readonly route: string;
  readonly by: ProvidedRows['by'];
}

interface ChangeEvent {
  readonly metadata: EntityMetadata;
  readonly queryRunner: QueryRunner;
  readonly entity?: object | undefined;
  /** The row as it was. */
  readonly databaseEntity?: object | undefined;
  readonly entityId?: object | undefined;
}

class SourceChanges {
  readonly tasks = new Map<string, Target[]>();
  readonly #dataSource: DataSource;
  readonly #onChange: OnChange;
  /** Of open transactions. */
  readonly #changed = new WeakMap<QueryRunner, ChangedRows>();
  readonly #subscriber: EntitySubscriberInterface;

  constructor(dataSource: DataSource, onChange: OnChange) {
    this.#dataSource = dataSource;
    this.#onChange = onChange;
    const change = (event: ChangeEvent) => this.#take(event, event.databaseEntity !== undefined);
    this.#subscriber = {
      afterInsert: (event) => this.#take(event, event.entityId !== undefined), // without: by the query builder
      afterUpdate: change,
      afterRemove: change,
      afterSoftRemove: change,
      afterRecover: change,
      afterTransactionCommit: ({ queryRunner }) => this.#end(queryRunner, true),
      afterTransactionRollback: ({ queryRunner }) => this.#end(queryRunner, false),
    };
  }

  add(tablePath: string, target: Target): void {
    const targets = this.tasks.get(tablePath);
    if (targets) targets.push(target);
    else this.tasks.set(tablePath, [target]);
  }

  /** A data source that is initialized again has a new list of subscribers. */
  open(): void {
    const { subscribers } = this.#dataSource;
    if (!subscribers.includes(this.#subscriber)) subscribers.push(this.#subscriber);
  }

  close(): void {
    const { subscribers } = this.#dataSource;
    const index = subscribers.indexOf(this.#subscriber);
    if (index >= 0) subscribers.splice(index, 1);
  }

  #take(event: ChangeEvent, isOneRow: boolean): void {
    const targets = this.tasks.get(event.metadata.tablePath);
    if (!targets) return;
    const { queryRunner } = event;
    const changed = this.#changed.get(queryRunner) ?? new ChangedRows();
    for (const { route, by } of targets) changed.add(route, isOneRow ? keysOf(event, by) : undefined);
    this.#changed.set(queryRunner, changed);
    if (!queryRunner.isTransactionActive) this.#end(queryRunner, true);
  }

  /** Inside of a transaction, the end of a savepoint says nothing yet. */
  #end(queryRunner: QueryRunner, isCommitted: boolean): void {
    if (queryRunner.isTransactionActive) return;
    const changed = this.#changed.get(queryRunner);
    this.#changed.delete(queryRunner);
    if (!changed || !isCommitted) return;
    for (const [route, keys] of changed.take()) this.#onChange(route, keys);
  }
}

/** The key before the change and the one after it; undefined where one of them is not known. */
function keysOf({ metadata, entity, databaseEntity, entityId }: ChangeEvent, by: Target['by']): ChangedKeys {
  const primary = metadata.primaryColumns.map(({ propertyName }) => propertyName);
  const form = rowKeyForm(by, primary);
  const columns = form.names.map((name) => metadata.columns.find(({ propertyPath }) => propertyPath === name));
  const known = { ...entityId };
  const keys: AnyKey[] = [];
  for (const row of [databaseEntity, entity]) {
    if (!row) continue;
    // What a partial entity or a removed one does not say is as it was.
    const values = columns.map(
      (column) => column?.getEntityValue(row) ?? column?.getEntityValue(databaseEntity ?? known),
    );
    const key = form.ofRow(Object.fromEntries(form.names.map((name, index) => [name, values[index]])));
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys.length > 0 ? keys : undefined;
}
