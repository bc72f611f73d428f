/** A stream in the process: every consumer reads all of it, from the first message or from now on; nothing is taken out. */
import type { OutgoingMessage, QueueSpec } from '../broker.js';
import type { MemoryConsumer } from './queue.js';

interface Reader {
  readonly consumer: MemoryConsumer;
  position: number;
}

export class MemoryStream {
  readonly spec: QueueSpec;
  readonly #log: OutgoingMessage[] = [];
  readonly #readers = new Map<MemoryConsumer, Reader>();

  constructor(spec: QueueSpec) {
    this.spec = spec;
  }

  get messages(): number {
    return this.#log.length;
  }

  get consumers(): number {
    return this.#readers.size;
  }

  push(message: OutgoingMessage): void {
    this.#log.push(message);
    for (const reader of this.#readers.values()) queueMicrotask(() => this.#feed(reader));
  }

  add(consumer: MemoryConsumer, offset: unknown): void {
    const reader = { consumer, position: offset === 'first' ? 0 : this.#log.length };
    this.#readers.set(consumer, reader);
    queueMicrotask(() => this.#feed(reader));
  }

  remove(consumer: MemoryConsumer): void {
    this.#readers.delete(consumer);
  }

  /** Nothing here expires. */
  readonly nextExpiry = Infinity;

  look(): void {}

  get isIdle(): boolean {
    return [...this.#readers.values()].every(({ position }) => position === this.#log.length);
  }

  purge(): number {
    for (const reader of this.#readers.values()) reader.position = 0;
    return this.#log.splice(0).length;
  }

  close(): void {
    this.#readers.clear();
  }

  #feed(reader: Reader): void {
    const { consumer } = reader;
    while (
      this.#readers.has(consumer) &&
      consumer.unsettled < consumer.prefetch &&
      reader.position < this.#log.length
    ) {
      const { body, properties, exchange, routingKey } = this.#log[reader.position] as OutgoingMessage;
      reader.position += 1;
      consumer.unsettled += 1;
      let isOpen = true;
      const settle = () => {
        if (!isOpen) return;
        isOpen = false;
        consumer.unsettled -= 1;
        queueMicrotask(() => this.#feed(reader));
      };
      consumer.onDelivery({
        body,
        properties,
        exchange,
        routingKey,
        redelivered: false,
        get isOpen() {
          return isOpen;
        },
        reply: () => {},
        ack: settle,
        reject: settle,
      });
    }
  }
}
