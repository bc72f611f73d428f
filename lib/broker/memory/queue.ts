/**
 * A queue in the process: prefetch, settling, expiry, dead letters, a delivery limit, priorities and a single active
 * consumer, as RabbitMQ's queues have them by the same arguments. Order of deliveries: round robin over the consumers that
 * have room. A delivery comes in a later microtask, never within the publish.
 */
import type { Delivery, OutgoingMessage, QueueSpec } from '../broker.js';
import type { Hub } from './hub.js';

interface Stored extends OutgoingMessage {
  readonly expiresAt: number;
  /** How often it was given back. */
  returns: number;
}

/** What a queue needs of the connection that consumes it. */
export interface Holder {
  /** One function per unsettled delivery, which puts it back. */
  readonly unsettled: Set<() => void>;
  reply(message: OutgoingMessage): void;
}

export interface MemoryConsumer {
  readonly prefetch: number;
  readonly onDelivery: (delivery: Delivery) => void;
  readonly holder: Holder;
  unsettled: number;
}

/** The longest timer of Node; a message that waits longer is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class MemoryQueue {
  readonly spec: QueueSpec;
  readonly #hub: Hub;
  readonly #waiting: Stored[] = [];
  readonly #consumers: MemoryConsumer[] = [];
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(spec: QueueSpec, hub: Hub) {
    this.spec = spec;
    this.#hub = hub;
  }

  get messages(): number {
    return this.#waiting.length;
  }

  get consumers(): number {
    return this.#consumers.length;
  }

  push(message: OutgoingMessage): void {
    const ttl = Math.min(message.expirationMs ?? Infinity, this.#number('x-message-ttl') ?? Infinity);
    this.#insert({ ...message, expiresAt: this.#hub.now + ttl, returns: 0 });
    this.#schedule();
  }

  add(consumer: MemoryConsumer): void {
    this.#consumers.push(consumer);
    this.#schedule();
  }

  remove(consumer: MemoryConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
    if (this.spec.autoDelete && this.#consumers.length === 0) this.#hub.deleteQueue(this.spec.name);
    this.#schedule(); // for the next single active consumer
  }

  /** Nobody works on its messages, nor could. */
  get isIdle(): boolean {
    const isBusy = this.#consumers.some(({ unsettled }) => unsettled > 0);
    return !isBusy && (this.#consumers.length === 0 || this.#waiting.length === 0);
  }

  get nextExpiry(): number {
    return this.#waiting[0]?.expiresAt ?? Infinity;
  }

  /** The clock was moved. */
  look(): void {
    this.#schedule();
  }

  purge(): number {
    return this.#waiting.splice(0).length;
  }

  /** Its timer must not outlive it. */
  close(): void {
    clearTimeout(this.#timer);
    this.#consumers.length = 0;
    this.#waiting.length = 0;
  }

  #number(argument: string): number | undefined {
    const value = this.spec.arguments[argument];
    return typeof value === 'number' ? value : undefined;
  }

  /** Behind those of its priority, where the queue has priorities. */
  #insert(message: Stored): void {
    const most = this.#number('x-max-priority');
    const priorityOf = ({ properties }: Stored) => Math.min(properties.priority ?? 0, most ?? 0);
    const index = most ? this.#waiting.findIndex((each) => priorityOf(each) < priorityOf(message)) : -1;
    if (index < 0) this.#waiting.push(message);
    else this.#waiting.splice(index, 0, message);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (;;) {
      this.#expire();
      const index = this.#nextConsumer();
      const message = index < 0 ? undefined : this.#waiting.shift();
      if (!message) break;
      const [consumer] = this.#consumers.splice(index, 1) as [MemoryConsumer];
      if (this.spec.arguments['x-single-active-consumer']) this.#consumers.unshift(consumer);
      else this.#consumers.push(consumer);
      this.#deliver(message, consumer);
    }
  }

  #nextConsumer(): number {
    const hasRoom = ({ unsettled, prefetch }: MemoryConsumer) => unsettled < prefetch;
    if (!this.spec.arguments['x-single-active-consumer']) return this.#consumers.findIndex(hasRoom);
    return this.#consumers[0] && hasRoom(this.#consumers[0]) ? 0 : -1;
  }

  /** From the head, as RabbitMQ does: what has expired behind an unexpired message stays. */
  #expire(): void {
    clearTimeout(this.#timer);
    while (this.#waiting[0] && this.#waiting[0].expiresAt <= this.#hub.now) {
      this.#deadLetter(this.#waiting.shift() as Stored, 'expired');
    }
    const next = this.nextExpiry;
    if (next === Infinity) return;
    this.#timer = setTimeout(() => this.#dispatch(), Math.min(Math.max(1, next - this.#hub.now), MAX_TIMER_MS));
  }

  #deadLetter(message: Stored, reason: 'expired' | 'rejected' | 'delivery_limit'): void {
    const exchange = this.spec.arguments['x-dead-letter-exchange'];
    if (typeof exchange !== 'string' || !this.#hub.hasExchange(exchange)) return; // dropped, as RabbitMQ does
    const key = this.spec.arguments['x-dead-letter-routing-key'];
    const { body, properties } = message;
    const death = { queue: this.spec.name, reason, exchange: message.exchange, 'routing-keys': [message.routingKey] };
    const headers = { ...properties.headers, 'x-death': [death], 'x-first-death-reason': reason };
    const routingKey = typeof key === 'string' ? key : message.routingKey;
    this.#hub.publish({ body, properties: { ...properties, headers }, exchange, routingKey });
  }

  #deliver(message: Stored, consumer: MemoryConsumer): void {
    consumer.unsettled += 1;
    const { holder } = consumer;
    const settle = (after: () => void) => {
      if (!holder.unsettled.delete(putBack)) return;
      consumer.unsettled -= 1;
      after();
      this.#schedule();
    };
    const putBack = () => settle(() => this.#takeBack(message));
    holder.unsettled.add(putBack);
    const { body, properties, exchange, routingKey } = message;
    consumer.onDelivery({
      body,
      properties,
      exchange,
      routingKey,
      redelivered: message.returns > 0,
      get isOpen() {
        return holder.unsettled.has(putBack);
      },
      reply: (to, reply, through = '') => holder.reply({ ...reply, exchange: through, routingKey: to }),
      ack: () => settle(() => {}),
      reject: ({ requeue }) => (requeue ? putBack() : settle(() => this.#deadLetter(message, 'rejected'))),
    });
  }

  #takeBack(message: Stored): void {
    message.returns += 1;
    const limit = this.#number('x-delivery-limit') ?? Infinity;
    if (message.returns > limit) this.#deadLetter(message, 'delivery_limit');
    else this.#waiting.unshift(message);
  }
}
