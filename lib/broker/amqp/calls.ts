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
import { incoming, publish } from './delivery.js';

/** RabbitMQ's pseudo-queue: replies come to this consumer without a queue of their own (no ack, no declaration). */
const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';

interface Held {
  readonly message: OutgoingMessage;
  readonly expiresAt: number;
}

export class AmqpCalls implements CallChannel {
  readonly #connection: AmqpConnection;
  readonly #listener: CallListener;
  readonly #channel: AmqpChannel;
  readonly #held: Held[] = [];
  readonly #stopListening: () => void;
  replyTo = DIRECT_REPLY_TO;

  constructor(connection: AmqpConnection, listener: CallListener, replyQueue: ReplyQueue, log: Logger) {
    this.#connection = connection;
    this.#listener = listener;
    this.#channel = new AmqpChannel({
      name: 'calls',
      connection,
      log,
      setUp: ({ channel }) => this.#consume(channel, replyQueue),
      onLost: (_life, cause) => {
        this.#stopListening();
        listener.onLost(cause);
      },
    });
    this.#stopListening = connection.onUnblocked(() => this.#sendHeld());
  }

  get blockedBy(): string | undefined {
    return this.#connection.blockedBy;
  }

  async open(): Promise<this> {
    await this.#channel.open();
    return this;
  }

  send(message: OutgoingMessage): void {
    if (this.blockedBy !== undefined) {
      this.#held.push({ message, expiresAt: Date.now() + (message.expirationMs ?? Infinity) });
      return;
    }
    const life = this.#channel.current;
    if (!life) throw new Error('The channel of calls is lost.');
    publish(life.channel, message, true);
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  #sendHeld(): void {
    for (const { message, expiresAt } of this.#held.splice(0)) {
      if (expiresAt > Date.now() && this.#channel.current) this.send(message);
    }
  }

  async #consume(channel: Channel, replyQueue: ReplyQueue): Promise<void> {
    channel.on('return', ({ properties }) => this.#listener.onReturn(properties.correlationId ?? ''));
    if (replyQueue !== 'direct') this.replyTo = await declareReplyQueue(channel, replyQueue);
    await channel.consume(this.replyTo, (message) => message && this.#listener.onReply(incoming(message)), {
      noAck: true,
    });
  }
}

/** A name of our own, so that it can be the routing key of a binding as well. */
async function declareReplyQueue(channel: Channel, replyQueue: Exclude<ReplyQueue, 'direct'>): Promise<string> {
  const { queue } = await channel.assertQueue(`bgtasks.replies.${randomUUID()}`, { exclusive: true, durable: false });
  if (replyQueue === 'exclusive') return queue;
  const { name, type, durable, autoDelete = false } = replyQueue.boundTo;
  await channel.assertExchange(name, type, { durable, autoDelete });
  await channel.bindQueue(queue, name, queue);
  return queue;
}
