/**
 * The outbox as a table of a TypeORM data source.
 *
 * Shape:  where rows can be locked, a batch stays locked (`FOR UPDATE SKIP LOCKED`) until its messages are confirmed, in one
 *         transaction: several relays share the work, and what a killed one had is free again.
 *         SQLite has no such lock and one connection per process, so one relay reads, publishes and deletes; it looks away
 *         while a transaction is open, whose rows it would see before their commit.
 * Errors: `USAGE` for a manager that cannot be used, `INVALID_SETTING` for a data source that cannot.
 */
import { isUtf8 } from 'node:buffer';
import type { DataSource, EntityManager, EntitySubscriberInterface, QueryRunner } from 'typeorm';
import type { Declaration, MessageProperties } from '../../broker/broker.js';
import type { EntryResult, OutboxEntry, OutboxStore, StoredEntry } from '../../clients/outbox.js';
import { BgTasksError, preview } from '../../errors.js';
import { OutboxMessage } from './entities.js';
import { hasOneConnection } from './one-connection.js';
import { OrderedIds } from './ordered-id.js';

const LOCKING: readonly string[] = ['postgres', 'cockroachdb', 'aurora-postgres', 'mysql', 'mariadb', 'aurora-mysql'];

type Publish = (entries: readonly StoredEntry[]) => Promise<readonly EntryResult[]>;

export class TypeOrmOutbox implements OutboxStore {
  readonly #dataSource: DataSource;
  readonly #ids = new OrderedIds();
  /** Whose open transaction has added entries. */
  readonly #added = new WeakSet<QueryRunner>();
  #subscriber: EntitySubscriberInterface | undefined;
  /** Transactions so far: one that came and went while rows were read is seen by it. */
  #transactions = 0;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  open(onCommit: () => void): void {
    this.#check();
    const ended = ({ queryRunner }: { queryRunner: QueryRunner }) =>
      !queryRunner.isTransactionActive && this.#added.delete(queryRunner);
    this.#subscriber = {
      beforeTransactionStart: () => {
        this.#transactions += 1;
      },
      afterTransactionCommit: (event) => {
        if (ended(event)) onCommit();
      },
      afterTransactionRollback: (event) => void ended(event),
    };
    this.#dataSource.subscribers.push(this.#subscriber);
  }

  close(): void {
    const { subscribers } = this.#dataSource;
    const index = subscribers.indexOf(this.#subscriber as EntitySubscriberInterface);
    if (index >= 0) subscribers.splice(index, 1);
  }

  async add(given: object, entry: OutboxEntry): Promise<void> {
    const manager = this.#transactionOf(given);
    this.#added.add(manager.queryRunner as QueryRunner);
    await manager.insert(OutboxMessage, rowOf(this.#ids.next(), entry));
  }

  take(limit: number, publish: Publish): Promise<number> {
    return LOCKING.includes(this.#dataSource.options.type)
      ? this.#takeLocked(limit, publish)
      : this.#takeAlone(limit, publish);
  }

  #takeLocked(limit: number, publish: Publish): Promise<number> {
    return this.#dataSource.transaction(async (manager) => {
      const query = waiting(manager, limit).setLock('pessimistic_write').setOnLocked('skip_locked');
      const rows = await query.getMany();
      if (rows.length > 0) await record(manager, await publish(rows.map(entryOf)));
      return rows.length;
    });
  }

  async #takeAlone(limit: number, publish: Publish): Promise<number> {
    const { manager } = this.#dataSource;
    const runner = this.#dataSource.createQueryRunner(); // the one there is
    const before = this.#transactions;
    const rows = await waiting(manager, limit).getMany();
    if (runner.isTransactionActive || this.#transactions !== before) return 0; // its end, or the next poll, comes back here
    if (rows.length > 0) await record(manager, await publish(rows.map(entryOf)));
    return rows.length;
  }

  #check(): void {
    const { options, isInitialized } = this.#dataSource;
    if (!LOCKING.includes(options.type) && !hasOneConnection(this.#dataSource)) {
      const known = 'PostgreSQL, MySQL 8, MariaDB 10.6 and SQLite';
      throw invalid(`works on ${known}, and not on a data source of type "${options.type}".`);
    }
    if (!isInitialized) throw invalid('needs an initialized data source: await dataSource.initialize() first.');
    if (this.#dataSource.hasMetadata(OutboxMessage)) return;
    throw invalid('needs its table: add OutboxMessage of "bgtasks/typeorm" to "entities" of the data source.');
  }

  #transactionOf(given: object): EntityManager {
    const manager = given as Partial<EntityManager> | null;
    if (typeof manager?.insert !== 'function' || manager.dataSource === undefined) {
      throw usage(`"manager" must be a TypeORM EntityManager, not ${preview(given)}.`);
    }
    if (manager.dataSource !== this.#dataSource) {
      throw usage('"manager" belongs to another data source than that of the service, which the relay reads.');
    }
    if (manager.queryRunner?.isTransactionActive) return given as EntityManager;
    throw usage('"manager" is in no transaction. Take the one of dataSource.transaction(async (manager) => ...).');
  }
}

function waiting(manager: EntityManager, limit: number) {
  return manager
    .createQueryBuilder(OutboxMessage, 'message')
    .where('message.notBefore <= :now', { now: Date.now() })
    .orderBy('message.id')
    .limit(limit);
}

async function record(manager: EntityManager, results: readonly EntryResult[]): Promise<void> {
  const sent = results.filter(({ isSent }) => isSent).map(({ id }) => id);
  if (sent.length > 0) await manager.delete(OutboxMessage, sent);
  for (const result of results) {
    if (result.isSent) continue;
    const { id, attempts, error, notBefore } = result;
    await manager.update(OutboxMessage, { id }, { attempts, lastError: error, notBefore });
  }
}

function rowOf(id: string, { message, declarations, mandatory, dueAt }: OutboxEntry): OutboxMessage {
  const { exchange, routingKey, body, properties } = message;
  // PostgreSQL takes no zero character in a text.
  const encoding = isUtf8(body) && !body.includes(0) ? 'utf8' : 'base64';
  return {
    id,
    exchange,
    routingKey,
    body: body.toString(encoding),
    encoding,
    properties,
    declarations,
    mandatory,
    dueAt: dueAt ?? null,
    createdAt: Date.now(),
    attempts: 0,
    lastError: null,
    notBefore: 0,
  };
}

function entryOf(row: OutboxMessage): StoredEntry {
  const { id, exchange, routingKey, mandatory, dueAt, attempts } = row;
  const entry = { id, attempts, mandatory, dueAt: dueAt === null ? undefined : Number(dueAt) };
  const problem = problemWith(row);
  if (problem) {
    const message = { exchange, routingKey, body: Buffer.alloc(0), properties: {} };
    const unreadable = new BgTasksError('USAGE', `The row "${id}" of the outbox cannot be read: ${problem}.`, { id });
    return { ...entry, message, declarations: [], unreadable };
  }
  const body = Buffer.from(row.body, row.encoding);
  const message = { exchange, routingKey, body, properties: row.properties as MessageProperties };
  return { ...entry, message, declarations: row.declarations as readonly Declaration[] };
}

function problemWith({ properties, declarations, encoding }: OutboxMessage): string | undefined {
  if (typeof properties !== 'object' || properties === null) return '"properties" is no JSON object';
  if (!Array.isArray(declarations)) return '"declarations" is no JSON list';
  return encoding === 'utf8' || encoding === 'base64' ? undefined : `"encoding" is ${preview(encoding)}`;
}

function usage(problem: string): BgTasksError {
  return new BgTasksError('USAGE', `Enqueuing with "manager": ${problem}`);
}

function invalid(problem: string): BgTasksError {
  return new BgTasksError('INVALID_SETTING', `Setting "outbox" ${problem}`);
}
