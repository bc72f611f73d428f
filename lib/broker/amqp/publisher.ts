/**
 * Publishes with confirms: a message is done when the broker says that its queues have it.
 *
 * Shape:  a message that is not confirmed yet is kept. After a loss of the channel or the connection it is published again
 *         on the next one, in the order of before, so it may arrive twice (with the same `messageId`).
 * Bounds: at most `MAX_WAITING` messages and `MAX_WAITING_BYTES` bytes wait, each at most `CONFIRM_TIMEOUT_MS`.
 * Errors: `NO_ROUTE` (returned: no queue takes it), `PUBLISH_FAILED` (refused, not confirmed in time, too many waiting).
 */
import type { ConfirmChannel, Message } from 'amqplib';
import { type BgTasksError, messageOf, NoRouteError, PublishFailedError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { OutgoingMessage, PublishOptions } from '../broker.js';
import { AmqpChannel, type AmqpConfirmChannel, type ChannelLife } from './channel.js';
import type { AmqpConnection } from './connection.js';
import { Declarations } from './declarations.js';
import { publishConfirmed } from './delivery.js';

const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const CONFIRM_TIMEOUT_MS = 30_000;
/** A message that ends its channel so often is what ends it. */
const MAX_CHANNELS = 3;

interface Waiting {
  readonly message: OutgoingMessage;
  readonly options: PublishOptions;
  readonly timer: NodeJS.Timeout;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** Channels that were lost while this was on them, without a loss of the connection. */
  channelsLost: number;
  life: ChannelLife | undefined;
  isReturned: boolean;
}

export class AmqpPublisher {
  readonly #connection: AmqpConnection;
  readonly #declarations: Declarations;
  readonly #channel: AmqpConfirmChannel;
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;

  constructor(connection: AmqpConnection, log: Logger) {
    this.#connection = connection;
    this.#declarations = new Declarations(connection, log);
    this.#channel = new AmqpChannel<ConfirmChannel>({
      name: 'publish',
      connection,
      log,
      withConfirms: true,
      setUp: ({ channel }) => void channel.on('return', (message) => this.#onReturn(message)),
      onOpen: () => {
        this.#channel.keep();
        this.#sendAll();
      },
      onLost: (life) => this.#onLost(life),
    });
    connection.onUnblocked(() => this.#sendAll());
  }

  publish(message: OutgoingMessage, options: PublishOptions): Promise<void> {
    if (this.#waiting.size >= MAX_WAITING || this.#bytes + message.body.length > MAX_WAITING_BYTES) {
      return Promise.reject(this.#full(message));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(waiting, notConfirmed(message)), CONFIRM_TIMEOUT_MS);
      const waiting: Waiting = {
        message,
        options,
        timer,
        resolve,
        reject,
        channelsLost: 0,
        life: undefined,
        isReturned: false,
      };
      this.#waiting.add(waiting);
      this.#bytes += message.body.length;
      this.#send(waiting);
    });
  }

  /** Waits for confirms, as long as there is a connection that could bring them. */
  async close(): Promise<void> {
    const closed = () => new PublishFailedError('The broker was closed before the message was confirmed.', {}, true);
    if (this.#channel.current) await this.#channel.current.channel.waitForConfirms().catch(() => {});
    for (const waiting of [...this.#waiting]) this.#settle(waiting, closed());
    await this.#channel.close();
  }

  #send(waiting: Waiting): void {
    const life = this.#channel.current;
    if (!life) {
      this.#open(); // which sends everything
      return;
    }
    if (this.#connection.blockedBy !== undefined) return; // `onUnblocked` sends it
    const { message, options } = waiting;
    if (options.declarations) void this.#declareAndWrite(life, waiting);
    else this.#write(life, message, waiting);
  }

  async #declareAndWrite(life: ChannelLife<ConfirmChannel>, waiting: Waiting): Promise<void> {
    waiting.life = life;
    try {
      await this.#declarations.declare(waiting.options.declarations ?? []);
    } catch (error) {
      if (life.isOpen) this.#settle(waiting, error as Error);
      return;
    }
    if (life.isOpen) this.#write(life, waiting.message, waiting);
  }

  #write(life: ChannelLife<ConfirmChannel>, message: OutgoingMessage, waiting: Waiting): void {
    waiting.life = life;
    try {
      publishConfirmed(life.channel, message, waiting.options.mandatory ?? true, (refusal) => {
        if (life.isOpen) this.#onConfirm(waiting, refusal);
      });
    } catch (error) {
      if (life.isOpen) this.#settle(waiting, refused(message, error)); // a property of a wrong type
    }
  }

  #open(): void {
    this.#channel.open().catch((error) => {
      // A broker that was there comes back, and every message has its own time limit.
      if (this.#connection.wasOpen) this.#channel.keep();
      else for (const waiting of [...this.#waiting]) this.#settle(waiting, error);
    });
  }

  /** What is not on the present channel yet. */
  #sendAll(): void {
    const life = this.#channel.current;
    if (!life) return;
    for (const waiting of this.#waiting) if (waiting.life !== life) this.#send(waiting);
  }

  #onConfirm(waiting: Waiting, refusal: Error | null): void {
    if (refusal) this.#settle(waiting, refused(waiting.message, refusal));
    else if (waiting.isReturned) this.#settle(waiting, new NoRouteError(waiting.message.routingKey));
    else this.#settle(waiting);
  }

  /** The return comes before the confirm, which is an ack all the same. */
  #onReturn({ fields, properties }: Message): void {
    for (const waiting of this.#waiting) {
      const { message, isReturned } = waiting;
      if (isReturned || message.properties.messageId !== properties.messageId) continue;
      if (message.routingKey !== fields.routingKey || message.exchange !== fields.exchange) continue;
      waiting.isReturned = true;
      return;
    }
  }

  #onLost(life: ChannelLife): void {
    const isChannelOnly = this.#connection.isOpen;
    for (const waiting of [...this.#waiting]) {
      if (waiting.life !== life) continue;
      waiting.life = undefined;
      waiting.isReturned = false;
      if (isChannelOnly) waiting.channelsLost += 1;
      if (waiting.channelsLost >= MAX_CHANNELS) {
        this.#settle(waiting, refused(waiting.message, 'its channel was closed each time it was sent'));
      }
    }
  }

  #settle(waiting: Waiting, error?: Error): void {
    if (!this.#waiting.delete(waiting)) return;
    clearTimeout(waiting.timer);
    this.#bytes -= waiting.message.body.length;
    if (error) waiting.reject(error);
    else waiting.resolve();
  }

  #full({ routingKey, exchange }: OutgoingMessage): BgTasksError {
    const text = `Too many messages wait for their confirm: ${this.#waiting.size} with ${this.#bytes} bytes; at most ${MAX_WAITING} and ${MAX_WAITING_BYTES} may. Await them, or wait until the broker is back.`;
    return new PublishFailedError(text, { routingKey, exchange }, false);
  }
}

function notConfirmed({ routingKey, exchange }: OutgoingMessage): PublishFailedError {
  const text = `The message to "${exchange || routingKey}" was not confirmed within ${CONFIRM_TIMEOUT_MS} ms. It may have been published.`;
  return new PublishFailedError(text, { routingKey, exchange }, true);
}

function refused({ routingKey, exchange }: OutgoingMessage, reason: unknown): PublishFailedError {
  const why = typeof reason === 'string' ? reason : messageOf(reason);
  const text = `The broker refused the message to "${exchange || routingKey}": ${why}.`;
  return new PublishFailedError(text, { routingKey, exchange }, false, { cause: reason });
}
