/** Messages as amqplib has them, and as the library has them. */
import type { Channel, ConsumeMessage, Options } from 'amqplib';
import type { Delivery, IncomingMessage, MessageProperties, OutgoingMessage } from './broker.js';

/** A message of one connection: once that is lost, settling does nothing, as the broker delivers the message again. */
export class AmqpDelivery implements Delivery {
  readonly #connection: { readonly isOpen: boolean };
  readonly #channel: Channel;
  readonly #message: ConsumeMessage;

  constructor(connection: { readonly isOpen: boolean }, channel: Channel, message: ConsumeMessage) {
    this.#connection = connection;
    this.#channel = channel;
    this.#message = message;
  }

  get body(): Buffer {
    return this.#message.content;
  }

  get properties(): MessageProperties {
    return this.#message.properties as MessageProperties;
  }

  get redelivered(): boolean {
    return this.#message.fields.redelivered;
  }

  reply(routingKey: string, reply: IncomingMessage): void {
    if (this.#connection.isOpen) publish(this.#channel, { ...reply, exchange: '', routingKey }, {});
  }

  ack(): void {
    if (this.#connection.isOpen) this.#channel.ack(this.#message);
  }

  /** A reject and not a nack: RabbitMQ 4.3 counts only the former against the delivery limit. */
  reject({ requeue }: { requeue: boolean }): void {
    if (this.#connection.isOpen) this.#channel.reject(this.#message, requeue);
  }
}

export function incoming(message: ConsumeMessage): IncomingMessage {
  return { body: message.content, properties: message.properties as MessageProperties };
}

export function publish(channel: Channel, message: OutgoingMessage, options: Options.Publish): void {
  const { exchange, routingKey, body, properties, expirationMs } = message;
  if (expirationMs !== undefined) options.expiration = String(expirationMs);
  channel.publish(exchange, routingKey, body, { ...(properties as Options.Publish), ...options });
}
