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
  /** `refusal`: what the broker said where it closed this channel alone, over something that was sent on it. */
  onLost?(life: ChannelLife<C>, cause: Error | undefined, refusal: Error | undefined): void;
}

export class AmqpChannel<C extends Channel = Channel> {
  readonly #options: ChannelOptions<C>;
  #life: (ChannelLife<C> & { isOpen: boolean }) | undefined;
  #opening: Promise<ChannelLife<C>> | undefined;
  #isKept = false;
  #isRestoring = false;
  /** Without its connection, whose loss has a line of its own in the log. */
  #wasLost = false;

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

  /** Another life in place of this one, which ends as if it were lost. */
  async renew(life: ChannelLife<C>): Promise<void> {
    if (this.#life !== life || !this.#life.isOpen) return;
    this.#lose(this.#life, undefined, undefined);
    await life.channel.close().catch(() => {});
  }

  /** Waits until what was written is sent: closing the connection at once would overtake replies and acks. */
  async close(): Promise<void> {
    this.#isKept = false;
    const life = this.#life;
    if (!life?.isOpen) return;
    this.#opening = undefined; // who opens it from now on learns that its connection is closed
    life.isOpen = false; // at once: a channel that is closing throws at whatever is done on it
    await life.channel.close().catch(() => {});
  }

  async #open(): Promise<ChannelLife<C>> {
    const { connection, withConfirms, setUp, log, name } = this.#options;
    const model = await connection.open();
    const channel = (withConfirms ? await model.createConfirmChannel() : await model.createChannel()) as C;
    const life = { channel, isOpen: true };
    let refusal: Error | undefined;
    (channel as Channel).on('error', (error) => {
      refusal = error; // comes where the broker closes the channel, and not where the connection goes
    });
    // Before amqplib's own listener, which fails every confirm that is out: those belong to a lost life by then.
    (channel as Channel).prependListener('close', () => this.#lose(life, refusal ?? connection.failure, refusal));
    try {
      await setUp(life);
    } catch (error) {
      this.#lose(life, error as Error, refusal);
      await channel.close().catch(() => {}); // gone already, unless the set-up failed for a reason of its own
      throw error;
    }
    if (!life.isOpen) throw refusal ?? new Error('The channel was lost while it was opened.');
    this.#life = life;
    if (this.#wasLost) log.info({ channel: name }, 'channel restored');
    this.#wasLost = false;
    this.#options.onOpen?.(life);
    return life;
  }

  #lose(life: ChannelLife<C> & { isOpen: boolean }, cause: Error | undefined, refusal: Error | undefined): void {
    if (!life.isOpen) return;
    life.isOpen = false;
    const { log, name, onLost } = this.#options;
    if (this.#life === life) {
      this.#life = undefined;
      this.#opening = undefined;
      if (refusal) {
        this.#wasLost = true;
        log.warn({ channel: name, cause: messageOf(refusal) }, 'channel lost');
      }
    }
    onLost?.(life, cause, refusal);
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
