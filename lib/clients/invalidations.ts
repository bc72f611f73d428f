/**
 * Tells the caches of all services that rows of a route have changed.
 *
 * Shape:  `publish` by hand, at once; `add` for what was committed: what comes in one turn of the event loop goes out in one
 *         message per route, and so does what comes while the broker takes none. The caches of this service know of both
 *         before these return.
 * Errors: `publish` rejects as any publish does. What `add` could not send is logged: entries live until their `ttlMs`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Broker } from '../broker/broker.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../logger.js';
import { invalidationMessage } from '../protocols/invalidation.js';
import { type ChangedKeys, ChangedRows } from '../remote/changed-rows.js';

export interface InvalidationsParts {
  readonly broker: Broker;
  readonly log: Logger;
  readonly invalidateHere: (route: string, keys: ChangedKeys) => void;
}

export class Invalidations {
  readonly #parts: InvalidationsParts;
  readonly #waiting = new ChangedRows();
  #sending: Promise<void> | undefined;

  constructor(parts: InvalidationsParts) {
    this.#parts = parts;
  }

  /** Resolves once the broker has the message, whoever listens. */
  async publish(route: string, keys: ChangedKeys): Promise<void> {
    this.#parts.invalidateHere(route, keys);
    await this.#send(route, keys);
  }

  add(route: string, keys: ChangedKeys): void {
    this.#parts.invalidateHere(route, keys);
    this.#waiting.add(route, keys);
    this.#sending ??= this.#sendWaiting();
  }

  /** Resolves when what was added is sent or has failed, and after `withinMs` at the latest. */
  async flush(withinMs: number): Promise<void> {
    if (!this.#sending) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.#sending, late]).finally(() => clearTimeout(timer));
  }

  async #sendWaiting(): Promise<void> {
    try {
      while (!this.#waiting.isEmpty) {
        await nextTurn();
        await Promise.all(this.#waiting.take().map(([route, keys]) => this.#try(route, keys)));
      }
    } finally {
      // In the same turn as the last look: what is added later starts anew.
      this.#sending = undefined;
    }
  }

  async #try(route: string, keys: ChangedKeys): Promise<void> {
    try {
      await this.#send(route, keys);
    } catch (error) {
      this.#parts.log.warn({ route, reason: messageOf(error) }, 'caches were not told of changed rows');
    }
  }

  async #send(route: string, keys: ChangedKeys): Promise<void> {
    const { message, declarations } = invalidationMessage(route, keys);
    await this.#parts.broker.publish(message, { declarations, mandatory: false });
  }
}
