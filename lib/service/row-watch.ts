/** The rows behind providers that tell caches of their changes (`provide(..., { invalidate: true })`), watched while they are served. */
import type { RowChanges } from '../adapters/typeorm/row-changes.js';
import { invalidatingRows } from '../provider/invalidating.js';
import type { ChangedKeys } from '../remote/changed-rows.js';
import type { Registry } from '../tasks/registry.js';

export interface RowWatchParts {
  readonly registry: Registry;
  /** In tests a data source may be initialized later. */
  isTest(): boolean;
  onChange(route: string, keys: ChangedKeys): void;
}

export class RowWatch {
  readonly #parts: RowWatchParts;
  #changes: RowChanges | undefined;

  constructor(parts: RowWatchParts) {
    this.#parts = parts;
  }

  /** Of every task that is registered now; again when there are more. */
  async watch(): Promise<void> {
    const { registry, isTest, onChange } = this.#parts;
    const tasks = registry.all().flatMap(({ route, handler }) => {
      const rows = invalidatingRows(handler);
      return rows ? [{ route, rows }] : [];
    });
    if (tasks.length === 0 && !this.#changes) return;
    const { RowChanges } = await import('../adapters/typeorm/row-changes.js'); // TypeORM is an optional peer
    this.#changes ??= new RowChanges(onChange);
    this.#changes.watch(tasks, { isLenient: isTest() });
  }

  close(): void {
    this.#changes?.close();
  }
}
