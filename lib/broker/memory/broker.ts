/**
 * A broker inside the process, for examples and tests: queues, exchanges, settling, expiry, dead letters, returns and
 * direct reply-to behave as RabbitMQ's do.
 *
 * Shape:  every `MemoryBroker` is a connection; those with one URL share a hub, as they would share a server.
 */
import { randomUUID } from 'node:crypto';
import { ConnectionFailedError, NoRouteError } from '../../errors.js';
import type {
  Broker,
  BrokerCounts,
  CallChannel,
  CallListener,
  Consumer,
  Declaration,
  Delivery,
  ExchangeSpec,
  OutgoingMessage,
  PublishOptions,
  QueueState,
  ReplyQueue,
  Subscription,
} from '../broker.js';
import { givenUp, refused } from '../publish-errors.js';
import { Hub } from './hub.js';
import type { Holder, MemoryConsumer } from './queue.js';
import { MemoryStream } from './stream.js';

const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';

export class MemoryBroker implements Broker, Holder {
  readonly #hub: Hub;
  readonly #cancels = new Set<() => void>();
  readonly #replyAddresses: string[] = [];
  readonly unsettled = new Set<() => void>();
  readonly blockedBy = undefined;
  readonly #counts = { reconnects: 0, repliesDropped: 0 };

  constructor(url = 'memory://') {
    this.#hub = Hub.at(url);
    this.#hub.connections.add(this);
  }

  /** For tests: its clock, and whether anybody works. */
  get hub(): Hub {
    return this.#hub;
  }

  get isConnected(): boolean {
    return this.#hub.connections.has(this);
  }

  get isConsuming(): boolean {
    return this.isConnected;
  }

  get counts(): BrokerCounts {
    return { ...this.#counts };
  }

  async connect(): Promise<void> {
    this.#checkOpen();
  }

  reply(message: OutgoingMessage): void {
    if (!this.isConnected || this.#hub.publish(message)) return;
    // As of RabbitMQ, which cannot tell of a direct address whether its caller was there.
    if (!message.routingKey.startsWith(DIRECT_REPLY_TO)) this.#counts.repliesDropped += 1;
  }

  async openCalls(listener: CallListener, replyQueue: ReplyQueue = 'direct'): Promise<CallChannel> {
    this.#checkOpen();
    const replyTo = `${replyQueue === 'direct' ? DIRECT_REPLY_TO : 'bgtasks.replies'}.${randomUUID()}`;
    if (typeof replyQueue === 'object') await this.#consumeReplies(replyTo, replyQueue.boundTo, listener);
    else this.#hub.replyAddresses.set(replyTo, listener);
    this.#replyAddresses.push(replyTo);
    const send = (message: OutgoingMessage, { mandatory = true }: { readonly mandatory?: boolean } = {}) => {
      if ((this.isConnected && this.#hub.publish(message)) || !mandatory) return;
      const { correlationId = '' } = message.properties;
      queueMicrotask(() => listener.onReturn(correlationId, this.#hub.queueNames));
    };
    return { replyTo, blockedBy: undefined, send };
  }

  /** Replies that come through an exchange need a queue that is bound to it. */
  async #consumeReplies(name: string, exchange: ExchangeSpec, listener: CallListener): Promise<void> {
    const queue = { name, durable: false, autoDelete: true, arguments: {} };
    const binding = { from: exchange.name, key: name, to: { queue: name } };
    const onDelivery = (delivery: Delivery) => {
      listener.onReply(delivery);
      delivery.ack();
    };
    const declarations = [{ exchange }, { queue }, { binding }];
    await this.consume({ queue: name, declarations, prefetch: Infinity, onDelivery });
  }

  async publish(message: OutgoingMessage, options: PublishOptions = {}): Promise<void> {
    const { declarations = [], mandatory = true, signal } = options;
    this.#checkOpen();
    if (signal?.aborted) throw givenUp(message, false, signal.reason);
    await this.declare(declarations);
    if (!this.#hub.hasExchange(message.exchange)) throw refused(message, 'the exchange does not exist');
    if (!this.#hub.publish(message) && mandatory) throw new NoRouteError(message.routingKey, this.#hub.queueNames);
  }

  async declare(declarations: readonly Declaration[]): Promise<void> {
    this.#checkOpen();
    for (const declaration of declarations) {
      if ('queue' in declaration) this.#hub.declareQueue(declaration.queue);
      else if ('exchange' in declaration) this.#hub.declareExchange(declaration.exchange);
      else this.#hub.bind(declaration.binding);
    }
  }

  async inspect(queue: string): Promise<QueueState | undefined> {
    const found = this.#hub.find(queue);
    return found && { messages: found.messages, consumers: found.consumers };
  }

  async deleteQueue(name: string): Promise<void> {
    this.#hub.deleteQueue(name);
  }

  async purgeQueue(name: string): Promise<number> {
    return this.#hub.queue(name).purge();
  }

  async consume(subscription: Subscription): Promise<Consumer> {
    await this.declare(subscription.declarations ?? []);
    const name = subscription.queue ?? this.#ownQueue(subscription);
    const queue = this.#hub.queue(name);
    const { prefetch, arguments: args } = subscription;
    const onDelivery: MemoryConsumer['onDelivery'] = (delivery) => subscription.onDelivery(delivery);
    const consumer: MemoryConsumer = { prefetch, onDelivery, holder: this, unsettled: 0 };
    if (queue instanceof MemoryStream) queue.add(consumer, args?.['x-stream-offset']);
    else queue.add(consumer);
    subscription.onConsumed?.();
    const cancel = () => {
      this.#cancels.delete(cancel);
      queue.remove(consumer);
    };
    this.#cancels.add(cancel);
    return { cancel: async () => cancel() };
  }

  async close(): Promise<void> {
    for (const cancel of [...this.#cancels]) cancel();
    for (const putBack of [...this.unsettled].reverse()) putBack(); // each to the head of its queue: the oldest last
    for (const address of this.#replyAddresses) this.#hub.replyAddresses.delete(address);
    this.#hub.leave(this);
  }

  #ownQueue({ bindings = [] }: Subscription): string {
    const name = `bgtasks.${randomUUID()}`;
    this.#hub.declareQueue({ name, durable: false, autoDelete: true, arguments: {} });
    for (const { exchange, routingKey } of bindings) {
      this.#hub.bind({ from: exchange, key: routingKey, to: { queue: name } });
    }
    return name;
  }

  #checkOpen(): void {
    if (!this.isConnected) throw new ConnectionFailedError('The broker was closed.', {});
  }
}
