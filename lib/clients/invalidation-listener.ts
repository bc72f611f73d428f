/**
 * Hears of changed rows of the routes that this process caches: a queue of its own, bound to them. It is there from the
 * first cached field on.
 *
 * Shape:  `hears(route)` is asked before something is kept of a route. The first time it binds the queue, and gives a promise;
 *         then it tells whether the queue is consumed now. Whatever was missed meanwhile is made up for by `forget`: when
 *         the queue is lost, everything of its routes is forgotten.
 *         Where no queue can be had, one is tried again after `RETRY_MS`; until then entries live until their `ttlMs`.
 * Units:  milliseconds.
 */
import type { Broker, Consumer, Delivery } from '../broker/broker.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../logger.js';
import { CONTROL_EXCHANGE } from '../protocols/control.js';
import { invalidationKey, readInvalidation } from '../protocols/invalidation.js';
import type { ChangedKeys } from '../remote/changed-rows.js';

const PREFETCH = 100;
const RETRY_MS = 5000;

export interface InvalidationListenerParts {
  readonly broker: Broker;
  readonly log: Logger;
  readonly forget: (route: string, keys: ChangedKeys) => void;
}

/** One consumer, with the routes that it was made for. */
interface Queue {
  readonly routes: ReadonlySet<string>;
  isConsumed: boolean;
  consumer: Consumer | undefined;
}

export class InvalidationListener {
  readonly #parts: InvalidationListenerParts;
  /** By binding key. */
  readonly #wanted = new Map<string, string>();
  #queue: Queue | undefined;
  #binding: Promise<void> | undefined;
  #refusedUntil = 0;

  constructor(parts: InvalidationListenerParts) {
    this.#parts = parts;
  }

  /** Whether what is asked for from now on may be kept: its changes will be heard, or the broker lets nobody hear them. */
  hears(route: string): boolean | Promise<boolean> {
    if (this.#queue?.routes.has(route)) return this.#queue.isConsumed;
    if (Date.now() < this.#refusedUntil) return true;
    this.#wanted.set(invalidationKey(route), route);
    this.#binding ??= this.#bind().finally(() => {
      this.#binding = undefined;
    });
    return this.#binding.then(() => this.hears(route));
  }

  /** Nothing is heard any more. The queue goes with its connection. */
  close(): void {
    if (this.#queue) this.#lose(this.#queue);
  }

  /** Routes that come while a queue is on its way go into the next one. */
  async #bind(): Promise<void> {
    const old = this.#queue;
    const bindings = Array.from(this.#wanted.keys(), (routingKey) => ({ exchange: CONTROL_EXCHANGE.name, routingKey }));
    const queue: Queue = { routes: new Set(this.#wanted.values()), isConsumed: false, consumer: undefined };
    try {
      queue.consumer = await this.#parts.broker.consume({
        declarations: [{ exchange: CONTROL_EXCHANGE }],
        bindings,
        prefetch: PREFETCH,
        onDelivery: (delivery) => this.#take(delivery),
        onConsumed: () => {
          queue.isConsumed = true;
        },
        onLost: () => this.#lose(queue),
      });
      this.#queue = queue;
      this.#refusedUntil = 0;
      for (const route of queue.routes) if (!old?.routes.has(route)) this.#parts.forget(route, undefined);
      await old?.consumer?.cancel();
    } catch (error) {
      if (this.#refusedUntil === 0) {
        this.#parts.log.warn({ reason: messageOf(error) }, 'changes of cached objects are not heard for now');
      }
      this.#refusedUntil = Date.now() + RETRY_MS;
    }
  }

  #lose(queue: Queue): void {
    queue.isConsumed = false;
    for (const route of queue.routes) this.#parts.forget(route, undefined);
  }

  #take(delivery: Delivery): void {
    delivery.ack();
    const route = this.#wanted.get(delivery.routingKey);
    const changed = readInvalidation(delivery);
    if (route !== undefined && changed) this.#parts.forget(route, changed.keys);
  }
}
