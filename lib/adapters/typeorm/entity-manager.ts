/**
 * `entityManager()`: a transaction per call. Committed after the handler and before its caller is answered or its message is
 * acked, rolled back where the handler, its time limit or another dependency failed.
 *
 * Errors: `INVALID_SETTING` where the service has no data source, when the worker starts. A commit that fails is a failure of
 *         the task.
 */
import type { DataSource, EntityManager } from 'typeorm';
import { type Dependency, dependency } from '../../dependencies/dependency.js';
import { BgTasksError } from '../../errors.js';
import { serviceInUse } from '../../service/default-service.js';
import { inTurn } from './one-connection.js';

interface Shared {
  readonly dataSource: DataSource;
  /** Initialized here, so destroyed here. */
  readonly isOwn: boolean;
}

/** Of a transaction that waits for its handler. */
interface Open {
  /** Lets it go on to its commit, or to its rollback. */
  readonly end: (error?: unknown) => void;
  readonly done: Promise<void>;
}

/**
 * `deps: { db: entityManager() }`, then `context.deps.db.save(...)`. All that asks for it within one call gets the same one.
 * SQLite has one connection: there, one transaction waits for the other.
 *
 * @param dataSource Default: the setting `dataSource` of the service.
 */
export function entityManager(dataSource?: DataSource): Dependency<EntityManager> {
  return dataSource ? transactions(dataSource) : OF_THE_SERVICE;
}

const OF_THE_SERVICE = transactions();

function transactions(given?: DataSource): Dependency<EntityManager> {
  const open = new WeakMap<EntityManager, Open>();
  return dependency<Shared, EntityManager>({
    setup: async () => {
      const dataSource = given ?? dataSourceOfService();
      const isOwn = !dataSource.isInitialized;
      if (isOwn) await dataSource.initialize();
      return { dataSource, isOwn };
    },
    get: ({ dataSource }) => begin(dataSource, open),
    afterCall: async (manager, _context, error) => {
      const { end, done } = open.get(manager) as Open;
      end(error);
      await done.catch((failed) => {
        if (failed !== error) throw failed;
      });
    },
    close: async ({ dataSource, isOwn }) => {
      if (isOwn && dataSource.isInitialized) await dataSource.destroy();
    },
  });
}

function begin(dataSource: DataSource, open: WeakMap<EntityManager, Open>): Promise<EntityManager> {
  return new Promise((resolve, reject) => {
    let end: Open['end'] = () => {};
    const ended = new Promise<void>((commit, rollBack) => {
      end = (error) => (error === undefined ? commit() : rollBack(error));
    });
    const done = inTurn(dataSource, () =>
      dataSource.transaction((manager) => {
        open.set(manager, { end, done });
        resolve(manager);
        return ended;
      }),
    );
    done.catch(reject); // it could not begin; afterwards nobody asks any more
  });
}

function dataSourceOfService(): DataSource {
  const { dataSource } = serviceInUse().settings; // that which sets it up
  if (dataSource) return dataSource as DataSource;
  throw new BgTasksError(
    'INVALID_SETTING',
    'entityManager() needs the setting "dataSource", or a data source of its own.',
  );
}
