/**
 * The rows of one group as serializers show them: each once for a serializer, however many fields and slots show it.
 * What is recorded meanwhile belongs to the run: the next wave.
 */

import type { RemoteSlot } from '../../fields/remote.js';
import type { RemoteSerializer } from '../../fields/remote-types.js';
import { forsake, isPromise } from '../../lib/maybe-promise.js';
import { keyId } from '../../lib/remote/key-id.js';
import { KeyMap, type Rows } from '../../lib/remote/key-map.js';
import { REPRESENT, type Run, type SiteList } from '../run.js';
import { keysOf } from './missing.js';

interface Shown {
  readonly rows: KeyMap<unknown>;
  readonly late: Promise<void>[];
}

export class Represented {
  readonly #bySerializer = new Map<RemoteSerializer, Map<Run, Shown>>();

  /** Those that the slots of `list` need. */
  async rowsFor(list: SiteList, serializer: RemoteSerializer, run: Run, rows: Rows): Promise<Rows> {
    const shown = this.#shownBy(serializer, run);
    forEachKey(list, (key) => {
      const id = keyId(key);
      if (shown.rows.has(id)) return;
      const row = rows.get(id);
      if (row === undefined) return;
      const one = representOne(serializer, row, run);
      shown.rows.set(id, one);
      if (!isPromise(one)) return;
      const late = one.then((object) => void shown.rows.set(id, object));
      shown.late.push(late);
      // Where a later object throws, nobody waits for this one any more.
      forsake([late]);
    });
    await Promise.all(shown.late);
    return shown.rows;
  }

  #shownBy(serializer: RemoteSerializer, run: Run): Shown {
    const byRun = this.#bySerializer.get(serializer) ?? new Map<Run, Shown>();
    this.#bySerializer.set(serializer, byRun);
    const shown = byRun.get(run) ?? { rows: new KeyMap<unknown>(), late: [] };
    byRun.set(run, shown);
    return shown;
  }
}

function forEachKey({ field, keys }: { field: RemoteSlot; keys: readonly unknown[] }, visit: (key: unknown) => void) {
  for (const value of keys) {
    if (field.isMany) {
      keysOf(field, value).forEach(visit);
    } else {
      const key = field.keys.of(value);
      if (key !== undefined) visit(key);
    }
  }
}

function representOne(serializer: RemoteSerializer, row: unknown, run: Run): unknown {
  if (!(REPRESENT in serializer.prototype)) return new serializer(row, { context: run.context }).data;
  const child = run.child(serializer, () => new serializer(undefined, { context: run.context })) as unknown as {
    [REPRESENT](row: unknown, run: Run): unknown;
  };
  return child[REPRESENT](row, run);
}
