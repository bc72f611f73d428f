/**
 * Messages that belong to a transaction of the user's database: stored in it, published after its commit.
 *
 * Shape:  `OutboxStore` is the table, as an adapter knows it; the `Relay` empties it.
 */
import type { Broker } from '../broker/broker.js';
import type { Logger } from '../logger.js';
import type { OutboxSettings } from '../settings/outbox.js';
import { Relay } from './relay.js';
import type { WorkMessage } from './send-work.js';

/** A message in the outbox. */
export interface OutboxEntry extends WorkMessage {
  /** Not before, in epoch milliseconds. Undefined: at once. */
  readonly dueAt: number | undefined;
}

/** An entry as it was read, with what its earlier failures left. */
export interface StoredEntry extends OutboxEntry {
  readonly id: string;
  /** Failures of its own so far. */
  readonly attempts: number;
  /** Why it could not be read, where that is so; its message is empty then. */
  readonly unreadable?: Error;
}

/** What became of an entry. One without a result stays as it is. */
export type EntryResult =
  | { readonly id: string; readonly isSent: true }
  | {
      readonly id: string;
      readonly isSent: false;
      readonly attempts: number;
      readonly error: string;
      /** When it is tried again, in epoch milliseconds. Null: it is parked. */
      readonly notBefore: number | null;
    };

export interface OutboxStore {
  /** Writes an entry in the transaction of `manager`. `USAGE` where there is none. */
  add(manager: object, entry: OutboxEntry): Promise<void>;
  /**
   * Gives `publish` up to `limit` entries that are to be tried, oldest first, and records its results. No other relay gets
   * them meanwhile. Resolves with their number.
   */
  take(limit: number, publish: (entries: readonly StoredEntry[]) => Promise<readonly EntryResult[]>): Promise<number>;
  /** Checks that there is a table, and calls `onCommit` after each transaction that has added entries. */
  open(onCommit: () => void): void;
  /** No calls of `onCommit` any more. */
  close(): void;
}

export interface OutboxParts {
  readonly store: OutboxStore;
  readonly broker: Broker;
  readonly settings: OutboxSettings;
  readonly log: Logger;
}

export class Outbox {
  readonly #store: OutboxStore;
  readonly #relay: Relay;
  #isOpen = false;

  constructor(parts: OutboxParts) {
    this.#store = parts.store;
    this.#relay = new Relay(parts);
  }

  /** The relay runs from now on; it is also started by the first `add`. */
  start(): void {
    if (this.#isOpen) return;
    this.#store.open(() => this.#relay.nudge());
    this.#isOpen = true;
    this.#relay.nudge();
  }

  async add(manager: object, entry: OutboxEntry): Promise<void> {
    this.start();
    await this.#store.add(manager, entry);
  }

  /** Publishes what was committed before, for at most `withinMs`; the rest is left to the next relay. */
  async close(withinMs: number): Promise<void> {
    await this.#relay.close(withinMs);
    if (this.#isOpen) this.#store.close();
  }
}
