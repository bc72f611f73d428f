/**
 * A `Map` by `keyId`, for thousands of keys at once.
 *
 * Why: most keys are integers, and a table of places for them takes a fifth of the time of a `Map` with as many, which
 *      grows from nothing each time: with 10,000 rows, a tenth of all that a list with a remote field takes.
 * Shape:  ids and values in two lists, in the order in which they came. Where an integer stands in them is looked up in
 *         a table with open addressing, less than half full; any other id in a `Map`.
 * Safety: keys come from outside. The hash begins with a factor of this process alone (multiply-shift, Dietzfelbinger et
 *         al. 1997), so that nobody can choose keys that all collide; its second step spares those that follow each
 *         other from a factor that suits them badly. For sequences and strides, 1.2 to 2 looks find a key.
 */
import { randomInt } from 'node:crypto';
import type { KeyId } from './key-id.js';

/** The keys that are wanted. */
export type Keys = Omit<KeyMap<unknown>, 'set'>;
/** The objects that came. */
export type Rows = Pick<KeyMap<unknown>, 'get' | 'has'>;

const FACTOR = randomInt(2 ** 31) * 2 + 1;
/** Of the mixing step of MurmurHash3. */
const MIX = 0x85ebca6b;
const FIRST_BITS = 4;
/** The table becomes four times as large. */
const MORE_BITS = 2;

export class KeyMap<V> {
  readonly #ids: KeyId[] = [];
  readonly #values: V[] = [];
  /** Of integers: one more than their place in the lists; 0 is free. */
  #table = new Int32Array(2 ** FIRST_BITS);
  /** The hash has as many bits as the table has room for. */
  #shift = 32 - FIRST_BITS;
  #others: Map<KeyId, number> | undefined;

  constructor(entries: Iterable<readonly [KeyId, V]> = []) {
    for (const [id, value] of entries) this.set(id, value);
  }

  get size(): number {
    return this.#ids.length;
  }

  get(id: KeyId): V | undefined {
    const place = this.placeOf(id);
    return place === -1 ? undefined : this.#values[place];
  }

  has(id: KeyId): boolean {
    return this.placeOf(id) !== -1;
  }

  set(id: KeyId, value: V): void {
    const place = this.placeOf(id);
    if (place !== -1) this.#values[place] = value;
    else this.#add(id, value);
  }

  keys(): readonly KeyId[] {
    return this.#ids;
  }

  values(): readonly V[] {
    return this.#values;
  }

  *[Symbol.iterator](): Generator<[KeyId, V], undefined> {
    for (const [i, id] of this.#ids.entries()) yield [id, this.#values[i] as V];
  }

  /** Among its ids, from 0; -1 for one that it does not have. */
  placeOf(id: KeyId): number {
    if (!isInt32(id)) return this.#others?.get(id) ?? -1;
    return (this.#table[this.#slotOf(id)] as number) - 1;
  }

  /** The one that holds the integer, or the free one where it belongs. */
  #slotOf(id: number): number {
    const table = this.#table;
    const ids = this.#ids;
    const last = table.length - 1;
    let slot = hashOf(id) >>> this.#shift;
    for (let place = table[slot] as number; place !== 0 && ids[place - 1] !== id; place = table[slot] as number) {
      slot = (slot + 1) & last;
    }
    return slot;
  }

  #add(id: KeyId, value: V): void {
    const size = this.#ids.push(isInt32(id) ? id | 0 : id); // -0 is 0, as in a Map
    this.#values.push(value);
    if (!isInt32(id)) {
      this.#others ??= new Map();
      this.#others.set(id, size - 1);
    } else if (size * 2 > this.#table.length) {
      this.#grow();
    } else {
      this.#table[this.#slotOf(id)] = size;
    }
  }

  #grow(): void {
    this.#table = new Int32Array(this.#table.length * 2 ** MORE_BITS);
    this.#shift -= MORE_BITS;
    this.#ids.forEach((id, place) => {
      if (isInt32(id)) this.#table[this.#slotOf(id)] = place + 1;
    });
  }
}

function hashOf(id: number): number {
  const product = Math.imul(id, FACTOR);
  return Math.imul(product ^ (product >>> 16), MIX);
}

function isInt32(id: KeyId): id is number {
  return typeof id === 'number' && (id | 0) === id;
}
