/**
 * What a service keeps for its remote fields, by route: `service.remoteFields`.
 *
 * Shape:  nothing stands here before a field has asked. Two services share nothing.
 */
import { BgTasksError, preview } from '../errors.js';
import type { MaybeObserver } from '../monitoring/observer.js';
import { type AnyKey, isAnyKey } from '../provider/remote-key.js';
import { checkRoute } from '../tasks/route.js';
import type { ChangedKeys } from './changed-rows.js';
import { RemoteRoute, type RouteStats } from './remote-route.js';
import type { RemoteFieldsSettings } from './settings.js';

/** What services tell each other of rows that have changed. */
export interface InvalidationLink {
  /** Whether what is asked for from now on may be kept, as its changes will be heard. */
  hears(route: string): boolean | Promise<boolean>;
  /** Forgets here, and tells the others. */
  publish(route: string, keys: ChangedKeys): Promise<void>;
}

/** Who calls without a service hears nothing: entries live until their `ttlMs`. */
const NO_LINK: InvalidationLink = { hears: () => true, publish: async () => {} };

export class RemoteFields {
  readonly #settings: () => RemoteFieldsSettings;
  readonly #link: InvalidationLink;
  readonly #observer: () => MaybeObserver | Promise<MaybeObserver>;
  readonly #routes = new Map<string, RemoteRoute>();

  /** Settings are read by the first field that asks. */
  constructor(
    settings: () => RemoteFieldsSettings,
    link: InvalidationLink = NO_LINK,
    observer: () => MaybeObserver | Promise<MaybeObserver> = () => undefined,
  ) {
    this.#settings = settings;
    this.#link = link;
    this.#observer = observer;
  }

  get settings(): RemoteFieldsSettings {
    return this.#settings();
  }

  /** Counts of every route that was asked, and the states of their circuits: a snapshot, for metrics. */
  stats(): Readonly<Record<string, RouteStats>> {
    return Object.fromEntries(Array.from(this.#routes, ([name, route]) => [name, route.stats]));
  }

  /**
   * Forgets what the caches of this service hold of a route, for every caller: these keys, or all where none are given.
   * Errors: `USAGE` for what is no key.
   */
  invalidate(route: string, keys?: Iterable<unknown>): void {
    const checked = keys && Array.from(keys, (key) => checkedKey(key, 'invalidate'));
    this.#routes.get(route)?.invalidate(checked);
  }

  /**
   * Does the same in every service that caches the route: for changes that `provide(..., { invalidate: true })` does not
   * see, after their commit. Resolves once the broker has the message. More than 1,000 keys are sent as all.
   *
   * Errors: `USAGE` for what is no key; `PUBLISH_FAILED`, `CONNECTION_FAILED` or `SERVICE_STOPPING` where it cannot be sent.
   */
  async publishInvalidation(route: string, keys?: Iterable<unknown>): Promise<void> {
    checkRoute(route);
    const checked = keys && Array.from(keys, (key) => checkedKey(key, 'publishInvalidation'));
    await this.#link.publish(route, checked);
  }

  /** @internal */
  hears(route: string): boolean | Promise<boolean> {
    return this.#link.hears(route);
  }

  /** Forgets caches, circuits and counts: what `reset()` of bgtasks/testing does between tests. */
  reset(): void {
    this.#routes.clear();
  }

  /** @internal */
  route(name: string): RemoteRoute {
    let route = this.#routes.get(name);
    if (!route) {
      route = new RemoteRoute(name, this.settings, this.#observer);
      this.#routes.set(name, route);
    }
    return route;
  }
}

function checkedKey(key: unknown, caller: string): AnyKey {
  if (typeof key === 'bigint') return String(key);
  if (isAnyKey(key)) return key;
  const message = `${caller}: a key is a number, a text or an object of these, not ${preview(key)}.`;
  throw new BgTasksError('USAGE', message);
}
