/**
 * One response in the making: what fields see of it, and the slots that are still to be filled.
 *
 * Shape:  representing is one synchronous pass. Where a slot belongs to a remote field its raw key is left there and
 *         the site (object, property, key) is recorded; where a field gives a promise, that stands there for the time
 *         being. `finishRun` in `remote/waves.ts` fills both.
 */

import type { RemoteSlot } from '../fields/remote.js';
import type { Ctx } from '../fields/types.js';
import { isPromise } from '../lib/maybe-promise.js';
import { setOwn } from '../lib/own.js';
import type { DataSourceLike } from '../lib/settings/options.js';
import type { RemoteDefaults } from './remote/policy.js';

export { setOwn };

/** An object or list with a slot in it. */
export type Target = Record<PropertyKey, unknown>;

/** The sites of one property: equal places in three lists belong together. */
export interface SiteList {
  /** Where the objects that come are represented; undefined where a field was asked by itself. */
  readonly run: Run | undefined;
  readonly field: RemoteSlot;
  readonly defaults: RemoteDefaults;
  readonly property: PropertyKey;
  readonly targets: Target[];
  /** What stands in the slot: a key, or a list of keys. */
  readonly keys: unknown[];
}

/** A slot that holds a promise. */
export interface LateSlot {
  readonly target: Target;
  readonly property: PropertyKey;
  readonly promise: Promise<unknown>;
  /** What is done with the value where that is more than to put it there. */
  readonly settle: Settle | undefined;
}

/** `target` may be another one than at first: an override of `toRepresentation` may have made a copy. */
export type Settle = (target: Target, value: unknown) => void;

/** What one pass has recorded, by the place in the class that recorded it. */
export class Sites {
  readonly lists = new Map<object, SiteList>();
  late: LateSlot[] = [];

  get isEmpty(): boolean {
    return this.lists.size === 0 && this.late.length === 0;
  }
}

/** Represents a row within a run; what our serializers offer to the layers below them. */
export const REPRESENT: unique symbol = Symbol('bgtasks.represent');
/** The same for a list of rows. */
export const REPRESENT_ALL: unique symbol = Symbol('bgtasks.represent-all');

/** The state of one `data`. Fields see it as their `Ctx`. */
export class Run implements Ctx {
  sites = new Sites();
  /** How many nested serializers are reading within each other now. */
  depth = 0;
  /** Objects that the base `toRepresentation` made inside an override; undefined where no override runs. */
  #made: Set<unknown> | undefined;
  readonly #children = new Map<object, unknown>();

  constructor(
    readonly context: Record<string, unknown>,
    readonly instance: unknown,
    readonly partial: boolean,
    /** Those of the root; a class below may have its own. */
    readonly defaults: RemoteDefaults,
    /** Where the rows of relation fields are looked up, if the root says so. */
    readonly dataSource?: () => DataSourceLike | undefined,
  ) {}

  /** What was recorded since the last time. */
  take(): { lists: SiteList[]; late: LateSlot[] } {
    const { lists, late } = this.sites;
    this.sites = new Sites();
    return { lists: [...lists.values()], late };
  }

  /** Puts a value in a slot; a promise stands there until it is fulfilled. */
  put(target: Target, property: PropertyKey, value: unknown, settle?: Settle): void {
    if (isPromise(value)) {
      this.sites.late.push({ target, property, promise: value, settle });
      // Whoever waits for the response gets a rejection; where nobody will, it must not end the process.
      value.then(undefined, () => {});
    }
    setOwn(target, property, value);
  }

  /** Leaves the key in the slot, and records the site. `owner` is the place in the class, `own` the defaults there. */
  remote(
    target: Target,
    property: PropertyKey,
    key: unknown,
    field: RemoteSlot,
    owner: object,
    own?: RemoteDefaults,
  ): void {
    let list = this.sites.lists.get(owner);
    if (!list) {
      list = { run: this, field, defaults: { ...this.defaults, ...own }, property, targets: [], keys: [] };
      this.sites.lists.set(owner, list);
    }
    list.targets.push(target);
    list.keys.push(key);
    setOwn(target, property, key);
  }

  /** One child serializer per place, however many rows it represents. */
  child<T>(place: object, make: () => T): T {
    let child = this.#children.get(place) as T | undefined;
    if (child === undefined) {
      child = make();
      this.#children.set(place, child);
    }
    return child;
  }

  /** Told by the base `toRepresentation`, so that an override's own object can be told from it. */
  made(output: unknown): void {
    this.#made?.add(output);
  }

  /**
   * Runs an override of `toRepresentation`. It may give another object than the base made, such as a copy with more
   * in it, or replace a slot; the sites recorded meanwhile follow it. A class without an override does not come here.
   */
  override<T>(represent: () => T): T {
    const outer = { sites: this.sites, made: this.#made };
    const sites = new Sites();
    const made = new Set<unknown>();
    this.sites = sites;
    this.#made = made;
    let result: T | Promise<unknown>;
    try {
      result = represent();
    } finally {
      this.sites = outer.sites;
      this.#made = outer.made;
    }
    if (result instanceof Promise) {
      return result.then((output: unknown) => {
        absorb(this.sites, sites, made, output);
        return output;
      }) as T;
    }
    absorb(outer.sites, sites, made, result);
    return result;
  }
}

/** Moves sites outward; those of an object that the override replaced follow to the new one, or are dropped. */
function absorb(into: Sites, from: Sites, made: ReadonlySet<unknown>, result: unknown): void {
  const placeOf = (target: Target, property: PropertyKey, value: unknown): Target | undefined => {
    const place = made.has(target) ? result : target;
    const isKept =
      typeof place === 'object' &&
      place !== null &&
      Object.hasOwn(place, property) &&
      Object.is((place as Target)[property], value);
    return isKept ? (place as Target) : undefined;
  };
  for (const [owner, list] of from.lists) {
    const outer = into.lists.get(owner) ?? { ...list, targets: [], keys: [] };
    into.lists.set(owner, outer);
    list.targets.forEach((target, i) => {
      const place = placeOf(target, list.property, list.keys[i]);
      if (!place) return;
      outer.targets.push(place);
      outer.keys.push(list.keys[i]);
    });
  }
  for (const slot of from.late) {
    const place = placeOf(slot.target, slot.property, slot.promise);
    if (place) into.late.push({ ...slot, target: place });
  }
}
