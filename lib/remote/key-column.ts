/**
 * Values for the ids of a `KeyMap` that grows no more: they share its table. What comes for any other id is left out, so an
 * answer holds no more memory than was asked for.
 */
import type { KeyId } from './key-id.js';
import type { Keys } from './key-map.js';

export class KeyColumn<V extends object> {
  readonly #keys: Keys;
  readonly #values: (V | undefined)[];

  constructor(keys: Keys) {
    this.#keys = keys;
    this.#values = new Array<undefined>(keys.size).fill(undefined);
  }

  get(id: KeyId): V | undefined {
    const place = this.#keys.placeOf(id);
    return place === -1 ? undefined : this.#values[place];
  }

  has(id: KeyId): boolean {
    return this.get(id) !== undefined;
  }

  /** Of two values for one id, the first stays. */
  add(id: KeyId, value: V): void {
    const place = this.#keys.placeOf(id);
    if (place !== -1) this.#values[place] ??= value;
  }
}
