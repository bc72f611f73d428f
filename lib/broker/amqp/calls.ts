/**
 * The channel of calls: requests go out on it, and replies come to its one consumer.
 *
 * Shape:  RabbitMQ's direct reply-to (no queue, no ack), or a queue of this connection. One life only: after a loss the
 *         client opens the next.
 * Blocked: while the broker has an alarm, requests wait here; those that have expired meanwhile are dropped.
 */
import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import type { Logger } from '../../logger.js';
import type { CallChannel, CallListener, OutgoingMessage, ReplyQueue } from '../broker.js';
import { AmqpChannel } from './channel.js';
import type { AmqpConnection } from './connection.js';
import { DIRECT_REPLY_TO, incoming, publish } from './delivery.js';
import { ReusedHeaders } from './reused-headers.js';

/** So many requests may wait during an alarm before those that have expired are looked for. */
const HELD_BEFORE_SWEEP = 1000;

interface Held {
  readonly message: OutgoingMessage;
  readonly mandatory: boolean;
  readonly expiresAt: number;
}

export class AmqpCalls implements CallChannel {
  readonly #connection: AmqpConnection;
  readonly #listener: CallListener;
  readonly #channel: AmqpChannel;
  readonly #headers = new ReusedHeaders();
  #held: Held[] = [];
  #sweepAt = HELD_BEFORE_SWEEP;
  #stopListening: (() => void) | undefined;
  /** RabbitMQ's pseudo-queue: replies come to this consumer without a queue of their own (no ack, no declaration). */
  replyTo = DIRECT_REPLY_TO;

  constructor(connection: AmqpConnection, listener: CallListener, replyQueue: ReplyQueue, log: Logger) {
    this.#connection = connection;
    this.#listener = listener;
    this.#channel = new AmqpChannel({
      name: 'calls',
      connection,
      log,
      setUp: ({ channel }) => this.#consume(channel, replyQueue),
      // Before it was open, `open` rejects: nothing has been sent.
      onOpen: () => {
        this.#stopListening = connection.onUnblocked(() => this.#sendHeld());
      },
      onLost: (_life, cause) => this.#end(cause),
    });
  }

  get blockedBy(): string | undefined {
    return this.#connection.blockedBy;
  }

  async open(): Promise<this> {
    await this.#channel.open();
    return this;
  }

  send(message: OutgoingMessage, { mandatory = true }: { readonly mandatory?: boolean } = {}): void {
    const life = this.#channel.current;
    if (!life) throw new Error('The channel of calls is lost.');
    if (this.blockedBy === undefined) {
      publish(life.channel, message, mandatory, this.#headers.of(message.properties.headers));
    } else this.#hold({ message, mandatory, expiresAt: Date.now() + (message.expirationMs ?? Infinity) });
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  #end(cause: Error | undefined): void {
    if (!this.#stopListening) return;
    this.#stopListening();
    this.#stopListening = undefined;
    this.#held = [];
    this.#listener.onLost(cause);
  }

  #hold(held: Held): void {
    this.#held.push(held);
    if (this.#held.length < this.#sweepAt) return;
    this.#held = this.#held.filter(({ expiresAt }) => expiresAt > Date.now());
    this.#sweepAt = Math.max(HELD_BEFORE_SWEEP, 2 * this.#held.length);
  }

  #sendHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const { message, mandatory, expiresAt } of held) {
      const leftMs = expiresAt - Date.now();
      if (leftMs <= 0 || !this.#channel.current) continue;
      const expirationMs = leftMs === Infinity ? undefined : leftMs;
      this.send({ ...message, expirationMs }, { mandatory });
    }
  }

  async #consume(channel: Channel, replyQueue: ReplyQueue): Promise<void> {
    channel.on('return', ({ properties }) => this.#listener.onReturn(properties.correlationId ?? ''));
    if (replyQueue !== 'direct') this.replyTo = await declareReplyQueue(channel, replyQueue);
    const onMessage = (message: Parameters<Parameters<Channel['consume']>[1]>[0]) => {
      if (message) this.#listener.onReply(incoming(message));
      else void channel.close().catch(() => {}); // the queue of replies was deleted: none of those that wait can come
    };
    await channel.consume(this.replyTo, onMessage, { noAck: true });
  }
}

/** A name of our own, so that it can be the routing key of a binding as well. */
async function declareReplyQueue(channel: Channel, replyQueue: Exclude<ReplyQueue, 'direct'>): Promise<string> {
  const { queue } = await channel.assertQueue(`bgtasks.replies.${randomUUID()}`, { exclusive: true, durable: false });
  if (replyQueue === 'exclusive') return queue;
  const { name, type, durable, autoDelete = false, arguments: args = {} } = replyQueue.boundTo;
  await channel.assertExchange(name, type, { durable, autoDelete, arguments: args });
  await channel.bindQueue(queue, name, queue);
  return queue;
}
