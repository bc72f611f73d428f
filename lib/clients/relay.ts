/**
 * Empties an outbox: after a commit of this process at once, and every `pollMs` for what others left behind.
 *
 * Shape:  one pass at a time; a pass takes a batch, and a full batch is followed by the next one.
 * Errors: a broker or a database that is away is logged once when it goes and once when it is back, and tried again after
 *         pauses that grow to 30 s; commits do not shorten them.
 */
import type { Logger } from '../logger.js';
import type { OutboxParts } from './outbox.js';
import { publishBatch } from './relay-batch.js';

const MAX_PAUSE_MS = 30_000;

export class Relay {
  readonly #parts: OutboxParts;
  readonly #log: Logger;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isWanted = false;
  #isClosed = false;
  /** Passes that failed, one after the other. */
  #failures = 0;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#log = parts.log;
  }

  /** There may be something to publish. */
  nudge(): void {
    if (this.#isClosed || (this.#failures > 0 && this.#running === undefined)) return;
    this.#isWanted = true;
    this.#run();
  }

  async close(withinMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const isLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.#running, isLate]);
    clearTimeout(timer);
  }

  #run(): void {
    if (this.#running !== undefined) return;
    clearTimeout(this.#timer);
    this.#running = this.#passes().finally(() => {
      this.#running = undefined;
      this.#wait();
    });
  }

  /** Never rejects. */
  async #passes(): Promise<void> {
    try {
      let isFull: boolean;
      do {
        this.#isWanted = false;
        isFull = await this.#pass();
        this.#succeeded();
      } while (this.#isWanted || (isFull && !this.#isClosed));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** True where there may be more. */
  async #pass(): Promise<boolean> {
    const { store, settings } = this.#parts;
    let failure: unknown;
    const taken = await store.take(settings.batchSize, async (entries) => {
      const batch = await publishBatch(this.#parts, entries);
      failure = batch.failure;
      return batch.results;
    });
    if (failure !== undefined) throw failure;
    return taken >= settings.batchSize;
  }

  #wait(): void {
    if (this.#isClosed) return;
    const { pollMs } = this.#parts.settings;
    const pauseMs =
      this.#failures === 0 ? pollMs : Math.max(pollMs, Math.min(MAX_PAUSE_MS, pollMs * 2 ** (this.#failures - 1)));
    this.#timer = setTimeout(() => this.#run(), pauseMs);
    this.#timer.unref();
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#log.info({}, 'outbox: messages are relayed again');
    this.#failures = 0;
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    if (this.#failures === 1 && !this.#isClosed)
      this.#log.error({ err: error }, 'outbox: nothing can be relayed for now');
  }
}
