/**
 * A broker inside the process, for examples and tests: queues, prefetch, settling, expiry, returns and direct
 * reply-to behave as RabbitMQ's do.
 *
 * Shape:  every `MemoryBroker` is a connection; those with one URL share a hub, as they would share a server.
 *         A hub stands for something outside of the service, so it is process-wide; it goes with its last connection.
 * Order:  deliveries come in a later microtask, never within the publish.
 */
import { randomUUID } from 'node:crypto';
import { ConnectionFailedError } from '../errors.js';
import type { Broker, CallChannel, CallListener, Consumer, Delivery, OutgoingMessage, QueueSpec } from './broker.js';

interface Stored extends OutgoingMessage {
  readonly expiresAt: number;
  redelivered: boolean;
}

interface MemoryConsumer {
  readonly prefetch: number;
  readonly onDelivery: (delivery: Delivery) => void;
  readonly connection: MemoryBroker;
  unsettled: number;
}

const HUBS = Symbol.for('bgtasks.memory-hubs');

/** Under a registered symbol, so that two copies of the package in one process meet. */
function hubs(): Map<string, Hub> {
  const holder = globalThis as { [HUBS]?: Map<string, Hub> };
  holder[HUBS] ??= new Map();
  return holder[HUBS];
}

class Hub {
  readonly connections = new Set<MemoryBroker>();
  readonly queues = new Map<string, MemoryQueue>();
  readonly replyAddresses = new Map<string, CallListener>();

  queue(name: string): MemoryQueue {
    const found = this.queues.get(name);
    if (!found) throw new Error(`The memory broker has no queue "${name}": declare it first.`);
    return found;
  }

  /** Routes through the default exchange. False where nothing takes the message. */
  publish(message: OutgoingMessage): boolean {
    const listener = this.replyAddresses.get(message.routingKey);
    if (listener) {
      queueMicrotask(() => listener.onReply(message));
      return true;
    }
    const queue = this.queues.get(message.routingKey);
    queue?.push({ ...message, expiresAt: Date.now() + (message.expirationMs ?? Infinity), redelivered: false });
    return queue !== undefined;
  }
}

class MemoryQueue {
  readonly #waiting: Stored[] = [];
  readonly #consumers: MemoryConsumer[] = [];
  #isScheduled = false;

  push(message: Stored): void {
    this.#waiting.push(message);
    this.#schedule();
  }

  add(consumer: MemoryConsumer): void {
    this.#consumers.push(consumer);
    this.#schedule();
  }

  remove(consumer: MemoryConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#dispatch();
    });
  }

  /** Round robin over the consumers that have room. */
  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const index = this.#consumers.findIndex((consumer) => consumer.unsettled < consumer.prefetch);
      if (index < 0) return;
      const message = this.#waiting.shift() as Stored;
      if (message.expiresAt <= Date.now()) continue;
      const [consumer] = this.#consumers.splice(index, 1) as [MemoryConsumer];
      this.#consumers.push(consumer);
      this.#deliver(message, consumer);
    }
  }

  #deliver(message: Stored, consumer: MemoryConsumer): void {
    consumer.unsettled += 1;
    const { connection } = consumer;
    const settle = (after: () => void) => {
      if (!connection.unsettled.delete(requeue)) return;
      consumer.unsettled -= 1;
      after();
      this.#schedule();
    };
    const requeue = () =>
      settle(() => {
        message.redelivered = true;
        this.#waiting.unshift(message);
      });
    connection.unsettled.add(requeue);
    consumer.onDelivery({
      body: message.body,
      properties: message.properties,
      redelivered: message.redelivered,
      reply: (routingKey, reply) => connection.publish({ ...reply, exchange: '', routingKey }),
      ack: () => settle(() => {}),
      reject: (options) => (options.requeue ? requeue() : settle(() => {})),
    });
  }
}

export class MemoryBroker implements Broker {
  readonly #url: string;
  readonly #hub: Hub;
  readonly #consumers = new Map<MemoryConsumer, MemoryQueue>();
  readonly #replyAddresses: string[] = [];
  /** One function per unsettled delivery, which puts it back. */
  readonly unsettled = new Set<() => void>();

  constructor(url = 'memory://') {
    this.#url = url;
    const found = hubs().get(url);
    this.#hub = found ?? new Hub();
    hubs().set(url, this.#hub);
    this.#hub.connections.add(this);
  }

  get isConnected(): boolean {
    return this.#hub.connections.has(this);
  }

  async connect(): Promise<void> {
    this.#checkOpen();
  }

  publish(message: OutgoingMessage): boolean {
    return this.isConnected && this.#hub.publish(message);
  }

  async openCalls(listener: CallListener): Promise<CallChannel> {
    this.#checkOpen();
    const replyTo = `amq.rabbitmq.reply-to.${randomUUID()}`;
    this.#hub.replyAddresses.set(replyTo, listener);
    this.#replyAddresses.push(replyTo);
    const send = (message: OutgoingMessage) => {
      if (this.publish(message)) return;
      const { correlationId = '' } = message.properties;
      queueMicrotask(() => listener.onReturn(correlationId, [...this.#hub.queues.keys()]));
    };
    return { replyTo, send };
  }

  async declare(queue: QueueSpec): Promise<void> {
    this.#checkOpen();
    if (!this.#hub.queues.has(queue.name)) this.#hub.queues.set(queue.name, new MemoryQueue());
  }

  async deleteQueue(name: string): Promise<void> {
    this.#hub.queues.delete(name);
  }

  async consume(name: string, prefetch: number, onDelivery: (delivery: Delivery) => void): Promise<Consumer> {
    this.#checkOpen();
    const queue = this.#hub.queue(name);
    const consumer: MemoryConsumer = { prefetch, onDelivery, connection: this, unsettled: 0 };
    this.#consumers.set(consumer, queue);
    queue.add(consumer);
    return {
      cancel: async () => {
        this.#consumers.delete(consumer);
        queue.remove(consumer);
      },
    };
  }

  async close(): Promise<void> {
    for (const [consumer, queue] of this.#consumers) queue.remove(consumer);
    for (const requeue of this.unsettled) requeue();
    for (const address of this.#replyAddresses) this.#hub.replyAddresses.delete(address);
    this.#consumers.clear();
    this.#hub.connections.delete(this);
    if (this.#hub.connections.size === 0 && hubs().get(this.#url) === this.#hub) hubs().delete(this.#url);
  }

  #checkOpen(): void {
    if (!this.isConnected) throw new ConnectionFailedError('The broker was closed.', {});
  }
}
