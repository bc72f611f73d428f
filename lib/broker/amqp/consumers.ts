/**
 * The consumers of one connection, on one channel that comes back after a loss with all of them.
 *
 * Shape:  a subscription declares what it needs before each consume, so whatever is gone (a connection, a channel, a
 *         deleted queue) leads through the same steps.
 */
import { randomUUID } from 'node:crypto';
import type { Channel, ConsumeMessage } from 'amqplib';
import { ConnectionFailedError, messageOf } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { Consumer, Subscription } from '../broker.js';
import { Acks } from './acks.js';
import { AmqpChannel, type ChannelLife } from './channel.js';
import type { AmqpConnection } from './connection.js';
import type { Declarations } from './declarations.js';
import { AmqpDelivery } from './delivery.js';
import { withinTime } from './within-time.js';

const MAX_RETRIES = 2;

/** A subscription, and its consumer in the present life of the channel. */
interface Subscribed {
  readonly subscription: Subscription;
  life: ChannelLife | undefined;
  tag: string;
  isCancelled: boolean;
}

/** Under its consumer, before anybody knew that there was one. */
class QueueDeletedError extends Error {}

export class AmqpConsumers {
  readonly #connection: AmqpConnection;
  readonly #declarations: Declarations;
  readonly #log: Logger;
  readonly #subscribed = new Set<Subscribed>();
  readonly #channel: AmqpChannel;
  readonly #acks = new WeakMap<ChannelLife, Acks>();
  /** Replies whose caller was gone. */
  repliesDropped = 0;

  constructor(name: string, connection: AmqpConnection, declarations: Declarations, log: Logger) {
    this.#connection = connection;
    this.#declarations = declarations;
    this.#log = log;
    this.#channel = new AmqpChannel({
      name,
      connection,
      log,
      setUp: (life) => this.#setUp(life),
      onLost: () => this.#onLost(),
    });
  }

  /** Every subscription has its consumer now. */
  get isConsuming(): boolean {
    return [...this.#subscribed].every(({ life }) => life?.isOpen);
  }

  async consume(subscription: Subscription): Promise<Consumer> {
    const subscribed: Subscribed = { subscription, life: undefined, tag: '', isCancelled: false };
    for (let attempt = 0; subscribed.life === undefined; attempt += 1) {
      await this.#subscribeFirst(subscribed, attempt);
    }
    this.#subscribed.add(subscribed);
    this.#channel.keep();
    return { cancel: () => this.#cancel(subscribed) };
  }

  /**
   * RabbitMQ 3.10 ends the connection (541) where several processes declare a new quorum queue at once, as at the first start
   * of a service, and one of them consumes before its leader is up.
   */
  async #subscribeFirst(subscribed: Subscribed, attempt: number): Promise<void> {
    const life = await this.#channel.open();
    try {
      await this.#subscribe(life, subscribed);
    } catch (error) {
      const mayPass = !life.isOpen || error instanceof QueueDeletedError;
      if (!mayPass || attempt >= MAX_RETRIES) throw notConsumed(subscribed.subscription, error);
      await this.#connection.pause(attempt);
    }
  }

  close(): Promise<void> {
    for (const subscribed of this.#subscribed) subscribed.isCancelled = true;
    this.#subscribed.clear();
    const life = this.#channel.current;
    if (life) this.#acksOf(life).flush();
    return this.#channel.close();
  }

  async #setUp(life: ChannelLife): Promise<void> {
    life.channel.on('return', () => {
      this.repliesDropped += 1;
      this.#log.debug({ dropped: this.repliesDropped }, 'reply dropped: its caller is gone');
    });
    await Promise.all([...this.#subscribed].map((subscribed) => this.#restore(life, subscribed)));
  }

  /** One that cannot be declared now must not keep the others waiting. */
  async #restore(life: ChannelLife, subscribed: Subscribed): Promise<void> {
    try {
      await this.#subscribe(life, subscribed);
    } catch (error) {
      if (!life.isOpen) throw error;
      void this.#resubscribe(life, subscribed);
    }
  }

  #onLost(): void {
    for (const subscribed of this.#subscribed) {
      if (subscribed.life) subscribed.subscription.onLost?.();
      subscribed.life = undefined;
    }
  }

  async #subscribe(life: ChannelLife, subscribed: Subscribed): Promise<void> {
    const { subscription } = subscribed;
    const { declarations = [], prefetch, arguments: args = {} } = subscription;
    await this.#declarations.declare(declarations);
    const { channel } = life;
    const queue = subscription.queue ?? (await ownQueue(channel, subscription));
    const acks = this.#acksOf(life);
    let isConsuming = false;
    let isDeleted = false;
    const onMessage = (message: ConsumeMessage | null) => {
      if (message) this.#deliver(subscribed, new AmqpDelivery(acks, message));
      else if (isConsuming) this.#onDeleted(life, subscribed, queue);
      else isDeleted = true; // the news came in one piece with the answer to `consume`
    };
    // Both in one turn: the prefetch counts for the consumers that come after it on the channel.
    const [, { consumerTag }] = await Promise.all([
      channel.prefetch(prefetch, false),
      channel.consume(queue, onMessage, { arguments: args }),
    ]);
    if (isDeleted) {
      this.#declarations.forget();
      throw new QueueDeletedError(`the queue "${queue}" was deleted at once`);
    }
    isConsuming = true;
    subscribed.life = life;
    subscribed.tag = consumerTag;
    if (subscribed.isCancelled)
      await life.channel.cancel(consumerTag); // while it came back
    else if (life.isOpen) subscription.onConsumed?.();
  }

  #acksOf(life: ChannelLife): Acks {
    const found = this.#acks.get(life) ?? new Acks(life);
    this.#acks.set(life, found);
    return found;
  }

  #deliver({ subscription, isCancelled }: Subscribed, delivery: AmqpDelivery): void {
    if (isCancelled) delivery.reject({ requeue: true });
    else subscription.onDelivery(delivery);
  }

  /** `basic.cancel`: the queue was deleted, or its node is gone. */
  #onDeleted(life: ChannelLife, subscribed: Subscribed, queue: string): void {
    if (!life.isOpen || !this.#subscribed.has(subscribed)) return;
    subscribed.life = undefined;
    this.#log.warn({ queue }, 'queue deleted under its consumer: declared again');
    this.#declarations.forget();
    subscribed.subscription.onLost?.();
    void this.#resubscribe(life, subscribed);
  }

  async #resubscribe(life: ChannelLife, subscribed: Subscribed): Promise<void> {
    const isWanted = () => life.isOpen && !subscribed.isCancelled;
    for (let attempt = 0; isWanted(); attempt += 1) {
      await this.#connection.pause(attempt);
      if (!isWanted()) return;
      try {
        return await this.#subscribe(life, subscribed);
      } catch (error) {
        const facts = { queue: subscribed.subscription.queue, reason: messageOf(error) };
        if (isWanted() && attempt === 0) this.#log.warn(facts, 'queue not consumed: tried again and again');
      }
    }
  }

  async #cancel(subscribed: Subscribed): Promise<void> {
    this.#subscribed.delete(subscribed);
    subscribed.isCancelled = true;
    const { life, tag } = subscribed;
    if (life?.isOpen) await withinTime(life.channel.cancel(tag).catch(() => {})); // gone with its channel
  }
}

/** A new name each time: that of a connection which the broker still takes for alive would be locked. */
async function ownQueue(channel: Channel, { bindings = [] }: Subscription): Promise<string> {
  const { queue } = await channel.assertQueue(`bgtasks.${randomUUID()}`, { exclusive: true, durable: false });
  // All at once: a worker of many routes has as many bindings.
  await Promise.all(bindings.map(({ exchange, routingKey }) => channel.bindQueue(queue, exchange, routingKey)));
  return queue;
}

function notConsumed({ queue = 'of this process' }: Subscription, error: unknown): Error {
  if (error instanceof ConnectionFailedError) return error;
  return new ConnectionFailedError(
    `The queue "${queue}" cannot be consumed: ${messageOf(error)}`,
    { queue },
    { cause: error },
  );
}
