/**
 * RabbitMQ through amqplib, which only the files of this folder import.
 *
 * Shape:  two connections. *Main*: calls, replies, rpc consumers and everything that is published. *Intake*: consumers
 *         that only settle, opened when there are any. On them a channel each for calls, publishes and consumers, and
 *         one for declarations, which may fail.
 * Loss:   each connection and each channel comes back by itself; its consumers and unconfirmed messages with it. Calls
 *         that wait are told through `onLost`.
 */
import type { Logger } from '../../logger.js';
import type {
  Broker,
  BrokerCounts,
  CallChannel,
  CallListener,
  Consumer,
  Declaration,
  OutgoingMessage,
  PublishOptions,
  QueueState,
  ReplyQueue,
  Subscription,
  TlsOptions,
} from '../broker.js';
import { AmqpCalls } from './calls.js';
import { AmqpConnection } from './connection.js';
import { AmqpConsumers } from './consumers.js';
import { Declarations } from './declarations.js';
import { AmqpPublisher } from './publisher.js';
import { withinTime } from './within-time.js';

export class AmqpBroker implements Broker {
  readonly #log: Logger;
  readonly #main: AmqpConnection;
  readonly #intake: AmqpConnection;
  readonly #declarations: Declarations;
  readonly #publisher: AmqpPublisher;
  readonly #serve: AmqpConsumers;
  readonly #take: AmqpConsumers;
  readonly #calls = new Set<AmqpCalls>();
  #usesIntake = false;

  /** `urls`: one broker's addresses, tried in turn. */
  constructor(urls: readonly string[], log: Logger, name = 'bgtasks', tls?: TlsOptions) {
    this.#log = log;
    this.#main = new AmqpConnection(urls, name, log, tls);
    this.#intake = new AmqpConnection(urls, `${name} intake`, log, tls);
    this.#declarations = new Declarations(this.#main, log);
    this.#publisher = new AmqpPublisher(this.#main, this.#declarations, log);
    this.#serve = new AmqpConsumers('serve', this.#main, this.#declarations, log);
    this.#take = new AmqpConsumers('intake', this.#intake, new Declarations(this.#intake, log), log);
  }

  get isConnected(): boolean {
    return this.#main.isOpen && (this.#intake.isOpen || !this.#usesIntake);
  }

  get isConsuming(): boolean {
    return this.#serve.isConsuming && this.#take.isConsuming;
  }

  get blockedBy(): string | undefined {
    return this.#main.blockedBy;
  }

  get counts(): BrokerCounts {
    const reconnects = this.#main.reconnects + this.#intake.reconnects;
    return { reconnects, repliesDropped: this.#serve.repliesDropped };
  }

  async connect(): Promise<void> {
    await this.#main.open();
  }

  async openCalls(listener: CallListener, replyQueue: ReplyQueue = 'direct'): Promise<CallChannel> {
    const onLost = (cause: Error | undefined) => {
      this.#calls.delete(calls);
      listener.onLost(cause);
    };
    const calls: AmqpCalls = new AmqpCalls(this.#main, { ...bound(listener), onLost }, replyQueue, this.#log);
    await calls.open();
    this.#calls.add(calls);
    return calls;
  }

  publish(message: OutgoingMessage, options: PublishOptions = {}): Promise<void> {
    return this.#publisher.publish(message, options);
  }

  declare(declarations: readonly Declaration[]): Promise<void> {
    return this.#declarations.declare(declarations);
  }

  inspect(queue: string): Promise<QueueState | undefined> {
    return this.#declarations.inspect(queue);
  }

  async deleteQueue(name: string): Promise<void> {
    await this.#declarations.run(`queue "${name}"`, (channel) => channel.deleteQueue(name));
    this.#declarations.forget();
  }

  async purgeQueue(name: string): Promise<number> {
    const { messageCount } = await this.#declarations.run(`queue "${name}"`, (channel) => channel.purgeQueue(name));
    return messageCount;
  }

  consume(subscription: Subscription): Promise<Consumer> {
    if (!subscription.isIntake) return this.#serve.consume(subscription);
    this.#usesIntake = true;
    return this.#take.consume(subscription);
  }

  async close(): Promise<void> {
    this.#main.refuse();
    this.#intake.refuse();
    await withinTime(this.#closeChannels());
    await Promise.all([this.#main.close(), this.#intake.close()]);
  }

  async #closeChannels(): Promise<void> {
    const calls = [...this.#calls].map((each) => each.close());
    await Promise.all([this.#take.close(), this.#serve.close(), this.#publisher.close(), ...calls]);
  }
}

function bound(listener: CallListener): Omit<CallListener, 'onLost'> {
  return {
    onReply: (reply) => listener.onReply(reply),
    onReturn: (id, known) => listener.onReturn(id, known),
  };
}
