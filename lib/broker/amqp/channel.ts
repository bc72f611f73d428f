/**
 * One channel: opened on first need, set up anew each time. A lost channel does not cost the connection.
 *
 * Shape:  `keep()` makes it come back by itself after a loss of the channel or the connection; without it the next
 *         `open()` opens it.
 */
import type { Channel, ConfirmChannel } from 'amqplib';
import { messageOf } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { AmqpConnection } from './connection.js';

/** One life of a channel. What was received on it can be settled only as long as it is open. */
export interface ChannelLife<C extends Channel = Channel> {
  readonly channel: C;
  readonly isOpen: boolean;
}

export interface ChannelOptions<C extends Channel> {
  /** For log lines. */
  readonly name: string;
  readonly connection: AmqpConnection;
  readonly log: Logger;
  readonly withConfirms?: boolean;
  /** Before the first use of each life. */
  setUp(life: ChannelLife<C>): Promise<void> | void;
  /** Each time it can be used. */
  onOpen?(life: ChannelLife<C>): void;
  onLost?(life: ChannelLife<C>, cause: Error | undefined): void;
}

export class AmqpChannel<C extends Channel = Channel> {
  readonly #options: ChannelOptions<C>;
  #life: (ChannelLife<C> & { isOpen: boolean }) | undefined;
  #opening: Promise<ChannelLife<C>> | undefined;
  #isKept = false;
  #isRestoring = false;

  constructor(options: ChannelOptions<C>) {
    this.#options = options;
  }

  /** Undefined while it is lost or not set up yet. */
  get current(): ChannelLife<C> | undefined {
    return this.#life?.isOpen ? this.#life : undefined;
  }

  open(): Promise<ChannelLife<C>> {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  keep(): void {
    this.#isKept = true;
    if (!this.current) void this.#restore();
  }

  /** Waits until what was written is sent: closing the connection at once would overtake replies and acks. */
  async close(): Promise<void> {
    this.#isKept = false;
    const life = this.#life;
    if (!life?.isOpen) return;
    await life.channel.close().catch(() => {});
    life.isOpen = false;
  }

  async #open(): Promise<ChannelLife<C>> {
    const { connection, withConfirms, setUp } = this.#options;
    const model = await connection.open();
    const channel = (withConfirms ? await model.createConfirmChannel() : await model.createChannel()) as C;
    const life = { channel, isOpen: true };
    let failure: Error | undefined;
    (channel as Channel).on('error', (error) => {
      failure = error;
    });
    (channel as Channel).on('close', () => this.#lose(life, failure ?? connection.failure));
    try {
      await setUp(life);
    } catch (error) {
      this.#lose(life, error as Error);
      await channel.close().catch(() => {}); // gone already, unless the set-up failed for a reason of its own
      throw error;
    }
    if (!life.isOpen) throw failure ?? new Error('The channel was lost while it was opened.');
    this.#life = life;
    this.#options.onOpen?.(life);
    return life;
  }

  #lose(life: ChannelLife<C> & { isOpen: boolean }, cause: Error | undefined): void {
    if (!life.isOpen) return;
    life.isOpen = false;
    const { connection, log, name, onLost } = this.#options;
    if (this.#life === life) {
      this.#life = undefined;
      this.#opening = undefined;
      if (connection.isOpen && !connection.isClosed)
        log.warn({ channel: name, cause: cause && messageOf(cause) }, 'channel lost');
    }
    onLost?.(life, cause);
    if (this.#isKept) void this.#restore();
  }

  async #restore(): Promise<void> {
    if (this.#isRestoring) return;
    this.#isRestoring = true;
    const { connection, log, name } = this.#options;
    for (let attempt = 0; this.#isKept && !this.current && !connection.isClosed; attempt += 1) {
      if (attempt > 0) await connection.pause(attempt);
      await connection.reopened();
      if (connection.isClosed) break;
      await this.open().catch((error) => {
        if (connection.isOpen) log.warn({ channel: name, reason: messageOf(error) }, 'channel not restored yet');
      });
    }
    this.#isRestoring = false;
  }
}

export type AmqpConfirmChannel = AmqpChannel<ConfirmChannel>;
