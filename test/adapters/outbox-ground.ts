/** What outbox and inbox are tested on: a database with their tables and a broker. */
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { InboxMessage, OutboxMessage } from '../../lib/adapters/typeorm/index.js';
import { BROKERS } from '../support/brokers.js';
import type { PostgresCluster } from '../support/postgres/cluster.js';
import { startPostgres } from '../support/postgres.js';

export interface Order {
  id: number;
  text: string;
}

/** A table of the application. */
export const Order = new EntitySchema<Order>({
  name: 'Order',
  tableName: 'orders',
  columns: { id: { type: Number, primary: true, generated: true }, text: { type: 'varchar' } },
});

export const ENTITIES = [Order, OutboxMessage, InboxMessage];

export class Ground {
  readonly name: string;
  readonly brokerUrl: () => string;
  readonly isPostgres: boolean;
  #cluster: PostgresCluster | undefined;
  dataSource!: DataSource;

  constructor(database: 'sql.js' | 'PostgreSQL', brokerIndex: 0 | 1) {
    const { name = '', url = () => '' } = BROKERS[brokerIndex] ?? {};
    this.name = `${database} and ${name}`;
    this.brokerUrl = url;
    this.isPostgres = database === 'PostgreSQL';
  }

  /** False where the database cannot be had; why has been said. */
  async open(): Promise<boolean> {
    if (this.isPostgres) {
      this.#cluster = await startPostgres();
      if (!this.#cluster) return false;
    }
    this.dataSource = await new DataSource({ ...this.#options, synchronize: true }).initialize();
    return true;
  }

  get port(): number | undefined {
    return this.#cluster?.port;
  }

  /** A further data source on the same database, as another process has it. */
  async another(): Promise<DataSource> {
    return new DataSource(this.#options).initialize();
  }

  async clear(): Promise<void> {
    for (const entity of ENTITIES) await this.dataSource.getRepository<object>(entity as never).clear();
  }

  async close(): Promise<void> {
    await this.dataSource?.destroy();
    await this.#cluster?.stop();
  }

  get #options(): DataSourceOptions {
    return this.#cluster ? { ...this.#cluster.options, entities: ENTITIES } : { type: 'sqljs', entities: ENTITIES };
  }
}

export const GROUNDS = [new Ground('sql.js', 0), new Ground('PostgreSQL', 1)];
