/**
 * Which rows have changed, by route: each key once, and no more of them than anybody is told. Beyond that it is every row.
 */
import type { AnyKey } from '../provider/remote-key.js';
import { type KeyId, keyId } from './key-id.js';

/** undefined: every row. */
export type ChangedKeys = readonly AnyKey[] | undefined;

/** What one message names. */
export const MAX_CHANGED_KEYS = 1000;

export class ChangedRows {
  readonly #routes = new Map<string, Map<KeyId, AnyKey> | undefined>();

  get isEmpty(): boolean {
    return this.#routes.size === 0;
  }

  add(route: string, keys: ChangedKeys): void {
    const known = this.#routes.has(route) ? this.#routes.get(route) : new Map<KeyId, AnyKey>();
    if (known && keys) for (const key of keys) known.set(keyId(key), key);
    this.#routes.set(route, keys && known && known.size <= MAX_CHANGED_KEYS ? known : undefined);
  }

  /** Everything so far, which is forgotten here. */
  take(): readonly (readonly [route: string, keys: ChangedKeys])[] {
    const taken = Array.from(this.#routes, ([route, keys]) => [route, keys && [...keys.values()]] as const);
    this.#routes.clear();
    return taken;
  }
}
