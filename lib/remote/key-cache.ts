/**
 * Objects of one request form by key, for a while: the cache of remote fields that ask for one.
 *
 * Shape:  `load(scope, keys, fetch)` gives the objects of `keys`, and asks `fetch` for those that are neither here nor on
 *         their way. A key that has no object is kept as well. A failure is not: the next one asks again. Every reader
 *         gets copies. Without `isKept` an answer is for those who wait for it alone. The entry that was used longest ago goes first where there are more than `max`.
 * Units:  `ttlMs` is milliseconds, from when the answer came.
 */
import { copyJson } from './copy.js';
import { type KeyId, keyId } from './key-id.js';
import { KeyMap, type Keys, type Rows } from './key-map.js';

interface Entry {
  readonly key: KeyId;
  /** While the answer is on its way. */
  flight: Promise<Rows> | undefined;
  /** How long that may take. */
  readonly patienceMs: number;
  /** undefined: there is no such object. */
  row: unknown;
  expiresAt: number;
}

interface Flight extends Required<LoadOptions> {
  readonly flight: Promise<Rows>;
}

export interface CacheLimits {
  readonly ttlMs: number;
  readonly max: number;
}

export interface LoadOptions {
  /** Whether an answer may be shown again. Default: true. */
  readonly isKept?: boolean;
  /** How long `fetch` waits: what gives up sooner is not waited for. Default: for ever. */
  readonly patienceMs?: number;
}

export class KeyCache {
  readonly #limits: CacheLimits;
  readonly #now: () => number;
  /** In the order of their last use: a `Map` keeps that of insertion. */
  readonly #entries = new Map<string, Entry>();

  constructor(limits: CacheLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  async load(
    scope: string,
    keys: Keys,
    fetch: (missing: Keys) => Promise<Rows>,
    { isKept = true, patienceMs = Number.POSITIVE_INFINITY }: LoadOptions = {},
  ): Promise<KeyMap<unknown>> {
    // The length makes it unambiguous where the scope ends.
    const prefix = `${scope.length}:${scope}`;
    const rows = new KeyMap<unknown>();
    const flights = new Map<Promise<Rows>, KeyId[]>();
    const missing = new KeyMap<unknown>();
    for (const [id, key] of keys) {
      const entry = this.#use(prefix + id);
      if (!entry || (entry.flight !== undefined && entry.patienceMs < patienceMs)) missing.set(id, key);
      else if (entry.flight !== undefined) addTo(flights, entry.flight, id);
      else if (entry.row !== undefined) rows.set(id, copyJson(entry.row));
    }
    if (missing.size > 0) {
      const flight = fetch(missing);
      this.#enter(prefix, missing, { flight, patienceMs, isKept });
      flights.set(flight, [...missing.keys()]);
    }
    await Promise.all(
      Array.from(flights, async ([flight, ids]) => {
        const came = await flight;
        for (const id of ids) if (came.has(id)) rows.set(id, copyJson(came.get(id)));
      }),
    );
    return rows;
  }

  /** Forgets these keys for every scope; all of them where none are given. What is on its way is not kept either. */
  drop(keys?: Iterable<unknown>): void {
    if (keys === undefined) {
      this.#entries.clear();
      return;
    }
    const dropped = new Set(Array.from(keys, keyId));
    for (const [name, { key }] of this.#entries) if (dropped.has(key)) this.#entries.delete(name);
  }

  #use(name: string): Entry | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    this.#entries.delete(name);
    if (entry.flight === undefined && entry.expiresAt <= this.#now()) return undefined;
    this.#entries.set(name, entry);
    return entry;
  }

  #enter(prefix: string, missing: Keys, { flight, patienceMs, isKept }: Flight): void {
    const entries = Array.from(
      missing.keys(),
      (key): Entry => ({ key, flight, patienceMs, row: undefined, expiresAt: 0 }),
    );
    for (const entry of entries) this.#add(prefix + entry.key, entry);
    const forget = () => {
      for (const entry of entries) {
        const name = prefix + entry.key;
        if (this.#entries.get(name) === entry) this.#entries.delete(name);
      }
    };
    const keep = (rows: Rows) => {
      const expiresAt = this.#now() + this.#limits.ttlMs;
      for (const entry of entries) Object.assign(entry, { flight: undefined, row: rows.get(entry.key), expiresAt });
    };
    flight.then(isKept ? keep : forget, forget);
  }

  #add(name: string, entry: Entry): void {
    this.#entries.set(name, entry);
    if (this.#entries.size <= this.#limits.max) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest as string);
  }
}

function addTo(flights: Map<Promise<Rows>, KeyId[]>, flight: Promise<Rows>, id: KeyId): void {
  const ids = flights.get(flight);
  if (ids) ids.push(id);
  else flights.set(flight, [id]);
}
