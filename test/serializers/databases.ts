/** The databases that model serializers are tested on: the same tests on each. */
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { PostgresCluster } from '../support/postgres/cluster.js';
import { startPostgres } from '../support/postgres.js';

export interface TestDatabase {
  readonly name: string;
  /** undefined where the database cannot be had; why has been said. */
  open(options: Partial<Pick<DataSourceOptions, 'entities' | 'logger' | 'logging'>>): Promise<DataSource | undefined>;
  close(): Promise<void>;
}

export function databases(): readonly TestDatabase[] {
  let cluster: PostgresCluster | undefined;
  let dataSource: DataSource | undefined;
  const opened = async (made: DataSource) => {
    dataSource = made;
    return made.initialize();
  };
  return [
    {
      name: 'sql.js',
      open: (options) => opened(new DataSource({ ...options, type: 'sqljs', synchronize: true })),
      close: async () => dataSource?.destroy(),
    },
    {
      name: 'PostgreSQL',
      open: async (options) => {
        cluster = await startPostgres();
        return cluster && opened(new DataSource({ ...options, ...cluster.options, synchronize: true }));
      },
      close: async () => {
        if (!cluster) return;
        await dataSource?.destroy();
        await cluster.stop();
      },
    },
  ];
}

/** Counts the queries that `run` sends. */
export class QueryCounter {
  readonly queries: string[] = [];

  /** For a data source. */
  readonly logger = {
    logQuery: (query: string) => {
      if (!/^(START|BEGIN|COMMIT|ROLLBACK)/i.test(query)) this.queries.push(query);
    },
    logQueryError: () => {},
    logQuerySlow: () => {},
    logSchemaBuild: () => {},
    logMigration: () => {},
    log: () => {},
  };

  async during<T>(run: () => Promise<T>): Promise<{ result: T; queries: readonly string[] }> {
    this.queries.length = 0;
    const result = await run();
    return { result, queries: [...this.queries] };
  }
}
