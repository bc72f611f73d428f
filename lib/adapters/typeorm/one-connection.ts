/**
 * SQLite has one connection per process, which all transactions share: one that begins while another is open becomes a part
 * of it, and goes with it.
 */
import type { DataSource } from 'typeorm';

const TYPES: readonly string[] = ['sqljs', 'better-sqlite3', 'sqlite'];

/** The last one of each data source. */
const lasts = new WeakMap<DataSource, Promise<unknown>>();

export function hasOneConnection({ options }: DataSource): boolean {
  return TYPES.includes(options.type);
}

/** Runs `work` when what was given here before has ended; at once where there are connections enough. */
export function inTurn<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  if (!hasOneConnection(dataSource)) return work();
  const done = (lasts.get(dataSource) ?? Promise.resolve()).then(work);
  lasts.set(
    dataSource,
    done.catch(() => {}),
  );
  return done;
}
