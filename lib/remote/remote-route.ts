/**
 * What a service keeps of one route that its remote fields ask: the circuit, the line of requests, caches, counts.
 *
 * Order of a request: circuit -> place among `concurrency` -> circuit again, which may have opened meanwhile -> call.
 * Errors: those of the call; `CircuitOpenError`; `RpcTimeoutError` and `CallAbortedError` while it waits in line.
 */
import {
  BgTasksError,
  CallAbortedError,
  RpcTimeoutError,
  ServiceStoppingError,
  ServiceUnavailableError,
} from '../errors.js';
import { during, type MaybeObserver } from '../monitoring/observer.js';
import { currentScope } from '../scope.js';
import { Circuit, type CircuitState, type Sign } from './circuit.js';
import { Gatherings } from './gathering.js';
import { type CacheLimits, KeyCache } from './key-cache.js';
import type { RemoteFieldsSettings } from './settings.js';
import { patience, Turnstile } from './turnstile.js';

/** Counted since the service was made. */
export interface RouteCounts {
  /** Requests sent. */
  calls: number;
  /** Keys in them. */
  keys: number;
  /** Requests that failed, whatever with. */
  failures: number;
  /** Requests that an open circuit has refused. */
  refused: number;
  /** Keys that a cache had, or that were on their way already. */
  cached: number;
  /** Fields of a response that went without their objects, by `onError`. */
  degraded: number;
}

export interface RouteStats extends Readonly<RouteCounts> {
  readonly circuit: CircuitState;
}

export interface RequestLimits {
  /** The longest that this request may take, its wait in line included; undefined leaves it to the service. */
  readonly timeoutMs: number | undefined;
  /** What the service's own limit is. */
  readonly rpcTimeoutMs: number | undefined;
}

/** Forms of request that are cached. A program has a few; fields that are made anew for each request would have any number. */
const MAX_CACHES = 100;

/** A call that was given less than this, because its response was late already, says nothing of the route. */
const FAIR_MS = 250;

export class RemoteRoute {
  readonly counts: RouteCounts = { calls: 0, keys: 0, failures: 0, refused: 0, cached: 0, degraded: 0 };
  readonly gatherings = new Gatherings();
  readonly #route: string;
  readonly #observer: () => MaybeObserver | Promise<MaybeObserver>;
  readonly #circuit: Circuit | undefined;
  readonly #turnstile: Turnstile;
  readonly #caches = new Map<string, KeyCache>();

  constructor(
    route: string,
    { circuit, concurrency }: RemoteFieldsSettings,
    observer: () => MaybeObserver | Promise<MaybeObserver> = () => undefined,
  ) {
    this.#route = route;
    this.#observer = observer;
    this.#circuit = circuit ? new Circuit(route, circuit) : undefined;
    this.#turnstile = new Turnstile(concurrency);
  }

  get stats(): RouteStats {
    return { ...this.counts, circuit: this.#circuit?.state ?? 'closed' };
  }

  /** `send` is told how long it still has; undefined leaves it to the service. */
  async request<A>(
    keys: number,
    limits: RequestLimits,
    send: (timeoutMs: number | undefined) => Promise<A>,
  ): Promise<A> {
    const { timeoutMs, rpcTimeoutMs } = limits;
    const wholeMs = timeoutMs ?? rpcTimeoutMs;
    this.#asking((circuit) => circuit.check());
    const startedAt = performance.now();
    const hasWaited = await this.#turnstile.enter(patience(this.#route, wholeMs));
    try {
      const waitedMs = performance.now() - startedAt;
      const leftMs = hasWaited ? wholeMs && Math.max(1, Math.ceil(wholeMs - waitedMs)) : timeoutMs;
      return await this.#send(keys, leftMs, wholeMs, send);
    } finally {
      this.#turnstile.leave();
    }
  }

  /** One for each form of request and for each wish of how long to keep what it brings; the one used longest ago goes first. */
  cache(name: string, limits: CacheLimits): KeyCache {
    const cache = this.#caches.get(name) ?? new KeyCache(limits);
    this.#caches.delete(name); // to be the last
    this.#caches.set(name, cache);
    const [oldest] = this.#caches.keys();
    if (this.#caches.size > MAX_CACHES && oldest !== undefined) this.#caches.delete(oldest);
    return cache;
  }

  invalidate(keys?: Iterable<unknown>): void {
    for (const cache of this.#caches.values()) cache.drop(keys);
  }

  #asking<T>(ask: (circuit: Circuit) => T): T | undefined {
    try {
      return this.#circuit && ask(this.#circuit);
    } catch (error) {
      this.counts.refused += 1;
      throw error;
    }
  }

  async #observed<A>(keys: number, work: () => Promise<A>): Promise<A> {
    const found = this.#observer();
    const observer = found && (await found);
    if (!observer) return work();
    return during(observer.remoteBatch({ route: this.#route, keys, caller: currentScope()?.caller ?? {} }), work);
  }

  async #send<A>(
    keys: number,
    leftMs: number | undefined,
    wholeMs: number | undefined,
    send: (timeoutMs: number | undefined) => Promise<A>,
  ): Promise<A> {
    const pass = this.#asking((circuit) => circuit.enter());
    this.counts.calls += 1;
    this.counts.keys += keys;
    try {
      const answer = await this.#observed(keys, () => send(leftMs));
      pass?.settle('alive');
      return answer;
    } catch (error) {
      this.counts.failures += 1;
      pass?.settle(signOf(error, wholeMs), error);
      throw error;
    }
  }
}

/** An answer is an answer, also one that says no. */
function signOf(error: unknown, wholeMs = Number.POSITIVE_INFINITY): Sign {
  if (error instanceof CallAbortedError || error instanceof ServiceStoppingError) return 'unknown';
  if (error instanceof RpcTimeoutError) {
    return Number(error.details.timeoutMs) >= Math.min(FAIR_MS, wholeMs) ? 'dead' : 'unknown';
  }
  if (error instanceof ServiceUnavailableError) return 'dead';
  return error instanceof BgTasksError && error.code !== 'USAGE' ? 'alive' : 'unknown';
}
