/**
 * RabbitMQ through amqplib, which only the files amqp*.ts import.
 *
 * Shape:  one connection, opened on first need. On it a channel for calls with the direct reply-to consumer, a channel
 *         for consumers and their replies, and throwaway channels for declarations (`amqp-declare.ts`).
 * Loss:   a lost channel is treated as a lost connection, so there is one way back: connect, declare, consume again.
 *         Calls that wait are told through `onLost`. A delivery of a connection that is gone is not settled any more:
 *         its tag means nothing, or another message, on a new channel.
 * Errors: `CONNECTION_FAILED`, with what to do. No message holds the password of the URL.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { ConnectionFailedError, messageOf } from '../errors.js';
import type { Logger } from '../logger.js';
import { Declarations } from './amqp-declare.js';
import { AmqpDelivery, incoming, publish } from './amqp-delivery.js';
import type { Broker, CallChannel, CallListener, Consumer, Delivery, QueueSpec } from './broker.js';

/** RabbitMQ's pseudo-queue: replies come to this consumer without a queue of their own (no ack, no declaration). */
const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';
const CONNECT_TIMEOUT_MS = 10_000;
const HEARTBEAT_SECONDS = 30;
const CLOSE_TIMEOUT_MS = 2000;
const RECONNECT = { baseMs: 100, maxMs: 10_000 };

interface Connection {
  readonly model: ChannelModel;
  readonly declarations: Declarations;
  /** False from the moment the connection or one of its channels is lost. */
  isOpen: boolean;
  /** Why it closes: known before the channels close, whose own event says nothing. */
  failure: Error | undefined;
  readonly channels: Channel[];
  serving: Promise<Channel> | undefined;
  callListener: CallListener | undefined;
}

/** What was asked for, so that it can be asked for again on a new connection. */
interface Subscription {
  readonly queue: string;
  readonly prefetch: number;
  readonly onDelivery: (delivery: Delivery) => void;
  consumer: { readonly channel: Channel; readonly tag: string } | undefined;
}

export class AmqpBroker implements Broker {
  readonly #url: URL;
  readonly #log: Logger;
  readonly #declared = new Map<string, QueueSpec>();
  readonly #subscriptions = new Set<Subscription>();
  #opening: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  readonly #closing = new AbortController();
  #isRecovering = false;

  constructor(url: string, log: Logger) {
    this.#url = new URL(url);
    this.#log = log;
    if (!this.#url.searchParams.has('heartbeat')) this.#url.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  async connect(): Promise<void> {
    await this.#open();
  }

  async openCalls(listener: CallListener): Promise<CallChannel> {
    const connection = await this.#open();
    const channel = await this.#openChannel(connection);
    channel.on('return', ({ properties }) => listener.onReturn(properties.correlationId ?? ''));
    connection.callListener = listener;
    await channel.consume(DIRECT_REPLY_TO, (message) => message && listener.onReply(incoming(message)), {
      noAck: true,
    });
    if (!connection.isOpen) throw new Error('The connection was lost while it was opened.');
    return { replyTo: DIRECT_REPLY_TO, send: (message) => publish(channel, message, { mandatory: true }) };
  }

  async declare(queue: QueueSpec): Promise<void> {
    const { declarations } = await this.#open();
    await declarations.declare(queue);
    this.#declared.set(queue.name, queue);
  }

  async deleteQueue(name: string): Promise<void> {
    this.#declared.delete(name);
    const connection = await this.#open();
    const channel = await connection.model.createChannel();
    await channel.deleteQueue(name);
    await channel.close();
  }

  async consume(queue: string, prefetch: number, onDelivery: (delivery: Delivery) => void): Promise<Consumer> {
    const subscription: Subscription = { queue, prefetch, onDelivery, consumer: undefined };
    await this.#subscribe(await this.#open(), subscription);
    this.#subscriptions.add(subscription);
    return { cancel: () => this.#cancel(subscription) };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#subscriptions.clear();
    const connection = this.#connection;
    if (connection?.isOpen) {
      connection.isOpen = false;
      await withinTime(closeAll(connection));
    } else {
      // Not awaited: a broker that does not answer may take its time, and nobody needs the connection any more.
      void this.#opening?.then(({ model }) => model.close()).catch(() => {});
    }
  }

  // ---------- the connection

  #open(): Promise<Connection> {
    if (this.#isClosed) return Promise.reject(new ConnectionFailedError('The broker was closed.', {}));
    this.#opening ??= this.#openConnection().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openConnection(): Promise<Connection> {
    const model = await connect(this.#url.href, {
      noDelay: true, // without it a sequential acked call takes 40 ms
      keepAlive: true,
      keepAliveDelay: 30_000,
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: 'bgtasks' },
    }).catch((error) => {
      throw this.#failed(error);
    });
    const declarations = new Declarations(model, this.#log);
    const connection: Connection = {
      model,
      declarations,
      isOpen: true,
      failure: undefined,
      channels: [],
      serving: undefined,
      callListener: undefined,
    };
    // The closing error comes with `close`; `error` must only not be fatal to the process.
    model.on('error', (error) => {
      connection.failure = error;
    });
    model.on('handler-error', (error) => this.#log.error({ error }, 'a listener of the broker threw'));
    model.on('close', (error) => this.#lose(connection, error));
    this.#connection = connection;
    return connection;
  }

  #lose(connection: Connection, reason: Error | undefined): void {
    if (!connection.isOpen) return;
    const cause = reason ?? connection.failure;
    connection.isOpen = false;
    this.#opening = undefined;
    this.#log.warn({ broker: this.#url.host, cause: cause && messageOf(cause) }, 'connection to the broker lost');
    connection.callListener?.onLost(cause);
    connection.model.close().catch(() => {}); // closed already, unless it was a channel that was lost
    if (this.#subscriptions.size > 0) void this.#recover();
  }

  /** Full jitter: with equal delays, every worker would come back in the same instant after a restart of the broker. */
  async #recover(): Promise<void> {
    if (this.#isRecovering) return; // a connection that is lost again while it is restored
    this.#isRecovering = true;
    for (let attempt = 0; !this.#isClosed; attempt += 1) {
      const delayMs = Math.random() * Math.min(RECONNECT.maxMs, RECONNECT.baseMs * 2 ** attempt);
      await sleep(delayMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      if (await this.#isRestored()) break;
    }
    this.#isRecovering = false;
  }

  async #isRestored(): Promise<boolean> {
    try {
      const connection = await this.#open();
      await this.#restore(connection);
      if (connection.isOpen) this.#log.info({ broker: this.#url.host }, 'connection to the broker restored');
      return connection.isOpen;
    } catch (error) {
      if (!this.#isClosed) this.#log.warn({ reason: messageOf(error) }, 'no connection to the broker yet');
      return false;
    }
  }

  async #restore(connection: Connection): Promise<void> {
    for (const queue of this.#declared.values()) await connection.declarations.declare(queue);
    for (const subscription of this.#subscriptions) await this.#subscribe(connection, subscription);
  }

  #failed(error: Error): ConnectionFailedError {
    const { host, pathname } = this.#url;
    const refused = /ACCESS[-_]REFUSED|403/i.test(error.message);
    const hint =
      refused || error.message.includes('ConnectionOpenOk')
        ? 'Check user name, password and vhost.'
        : 'Is RabbitMQ running there? Set BGTASKS_URL, or `url` in configure().';
    const why = messageOf(error) || String((error as NodeJS.ErrnoException).code ?? error.name);
    const facts = { host, vhost: decodeURIComponent(pathname.slice(1)) || '/' };
    return new ConnectionFailedError(`Cannot reach RabbitMQ at ${host}: ${why}. ${hint}`, facts, { cause: error });
  }

  // ---------- channels and consumers

  async #openChannel(connection: Connection): Promise<Channel> {
    const channel = await connection.model.createChannel();
    connection.channels.push(channel);
    let failure: Error | undefined;
    channel.on('error', (error) => {
      failure = error;
    });
    channel.on('close', () => this.#lose(connection, failure));
    return channel;
  }

  async #subscribe(connection: Connection, subscription: Subscription): Promise<void> {
    connection.serving ??= this.#openChannel(connection);
    const channel = await connection.serving;
    const onMessage = (message: ConsumeMessage | null) => {
      if (message) subscription.onDelivery(new AmqpDelivery(connection, channel, message));
      else this.#lose(connection, new Error(`The queue "${subscription.queue}" was deleted.`)); // basic.cancel
    };
    // Both in one turn: the prefetch counts for the consumers that come after it on the channel.
    const [, { consumerTag }] = await Promise.all([
      channel.prefetch(subscription.prefetch, false),
      channel.consume(subscription.queue, onMessage),
    ]);
    subscription.consumer = { channel, tag: consumerTag };
  }

  async #cancel(subscription: Subscription): Promise<void> {
    this.#subscriptions.delete(subscription);
    const { consumer } = subscription;
    if (!consumer || !this.isConnected) return;
    await withinTime(consumer.channel.cancel(consumer.tag).catch(() => {})); // gone with its channel
  }
}

/** Channels first: closing the connection at once would overtake replies and acks that amqplib has not written yet. */
async function closeAll({ channels, model }: Connection): Promise<void> {
  await Promise.allSettled(channels.map(async (channel) => channel.close()));
  await model.close().catch(() => {});
}

/** A broker that has stopped to answer must not keep a service from ending. */
async function withinTime(work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, sleep(CLOSE_TIMEOUT_MS, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
}
