/**
 * What a service keeps for its remote fields, by route: `service.remoteFields`.
 *
 * Shape:  nothing stands here before a field has asked. Two services share nothing.
 */
import type { MaybeObserver } from '../observer.js';
import { RemoteRoute, type RouteStats } from './remote-route.js';
import type { RemoteFieldsSettings } from './settings.js';

export class RemoteFields {
  readonly #settings: () => RemoteFieldsSettings;
  readonly #observer: () => MaybeObserver | Promise<MaybeObserver>;
  readonly #routes = new Map<string, RemoteRoute>();

  /** Settings are read by the first field that asks. */
  constructor(
    settings: () => RemoteFieldsSettings,
    observer: () => MaybeObserver | Promise<MaybeObserver> = () => undefined,
  ) {
    this.#settings = settings;
    this.#observer = observer;
  }

  get settings(): RemoteFieldsSettings {
    return this.#settings();
  }

  /** Counts of every route that was asked, and the states of their circuits: a snapshot, for metrics. */
  stats(): Readonly<Record<string, RouteStats>> {
    return Object.fromEntries(Array.from(this.#routes, ([name, route]) => [name, route.stats]));
  }

  /** Forgets what caches hold of a route, for every caller: these keys, or all where none are given. */
  invalidate(route: string, keys?: Iterable<unknown>): void {
    this.#routes.get(route)?.invalidate(keys);
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
