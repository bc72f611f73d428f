/**
 * Keys that several responses ask for in one turn of the event loop, as one request.
 *
 * Shape:  `join(name, keys, wish, fetch)`: the first of a turn opens a gathering under its name, and its `fetch` is called
 *         with the keys of all when the turn ends. Each gets the objects of its own keys; copies, where several had asked.
 */
import { copyJson } from './copy.js';
import { KeyMap, type Keys, type Rows } from './key-map.js';

/** What a request is sent with. */
export interface Wish {
  readonly maxBatch: number;
  /** undefined is the service's own limit. */
  readonly timeoutMs: number | undefined;
}

export type FetchKeys = (keys: Keys, wish: Wish) => Promise<Rows>;

interface Gathering {
  readonly keys: KeyMap<unknown>;
  wish: Wish;
  members: number;
  readonly rows: Promise<Rows>;
}

export class Gatherings {
  readonly #open = new Map<string, Gathering>();

  async join(name: string, keys: Keys, wish: Wish, fetch: FetchKeys): Promise<Rows> {
    const open = this.#open.get(name);
    const gathering = open ?? this.#start(name, wish, fetch);
    gathering.members += 1;
    if (open) gathering.wish = widest(open.wish, wish);
    for (const [id, key] of keys) if (!gathering.keys.has(id)) gathering.keys.set(id, key);
    const rows = await gathering.rows;
    return gathering.members === 1 ? rows : own(rows, keys);
  }

  #start(name: string, wish: Wish, fetch: FetchKeys): Gathering {
    const keys = new KeyMap<unknown>();
    const turn = new Promise<void>((resolve) => void setImmediate(resolve));
    const rows = turn.then(() => {
      this.#open.delete(name);
      return fetch(keys, gathering.wish);
    });
    const gathering: Gathering = { keys, wish, members: 0, rows };
    this.#open.set(name, gathering);
    return gathering;
  }
}

/** As patient as the most patient, in requests as small as the smallest. */
export function widest(one: Wish, other: Wish): Wish {
  const isLimited = one.timeoutMs !== undefined && other.timeoutMs !== undefined;
  return {
    maxBatch: Math.min(one.maxBatch, other.maxBatch),
    timeoutMs: isLimited ? Math.max(one.timeoutMs as number, other.timeoutMs as number) : undefined,
  };
}

function own(rows: Rows, keys: Keys): Rows {
  const mine = new KeyMap<unknown>();
  for (const id of keys.keys()) if (rows.has(id)) mine.set(id, copyJson(rows.get(id)));
  return mine;
}
