/** Messages as amqplib has them, and as the library has them. */
import type { Channel, ConfirmChannel, ConsumeMessage, Message, Options } from 'amqplib';
import type { Delivery, IncomingMessage, MessageProperties, OutgoingMessage } from '../broker.js';
import type { Acks } from './acks.js';

/**
 * RabbitMQ gives back every mandatory reply to such an address, with its body, also those that have arrived: it would tell
 * nothing, at the price of sending each answer twice.
 */
export const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';

/**
 * A message of one life of a channel: once that is over, settling does nothing, as the broker delivers the message again.
 * Its tag means nothing on the next channel, or another message.
 */
export class AmqpDelivery implements Delivery {
  readonly #acks: Acks;
  readonly #message: ConsumeMessage;
  arrivedAt: number | undefined;
  /** RabbitMQ closes the channel, and with it all that is out on it, over a tag that it does not know any more. */
  #isSettled = false;

  constructor(acks: Acks, message: ConsumeMessage) {
    this.#acks = acks;
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

  get exchange(): string {
    return this.#message.fields.exchange;
  }

  get routingKey(): string {
    return this.#message.fields.routingKey;
  }

  get isOpen(): boolean {
    return this.#acks.life.isOpen;
  }

  reply(routingKey: string, reply: IncomingMessage, exchange = ''): void {
    if (this.#isSettled) this.#acks.flush(); // in the order in which it was asked for
    const { body, properties } = reply;
    const options = optionsOf(properties, !routingKey.startsWith(DIRECT_REPLY_TO));
    this.#acks.whileOpen((channel) => channel.publish(exchange, routingKey, body, options));
  }

  ack(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#acks.ack(this.#message.fields.deliveryTag);
  }

  reject({ requeue }: { requeue: boolean }): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#acks.reject(this.#message, requeue);
  }
}

export function incoming(message: Message): IncomingMessage {
  return { body: message.content, properties: message.properties as MessageProperties };
}

/** Throws where amqplib refuses: on a channel that is closed, and for properties of a wrong type. */
export function publish(
  channel: Channel,
  { exchange, routingKey, body, properties, expirationMs }: OutgoingMessage,
  mandatory: boolean,
  headers: MessageProperties['headers'] = properties.headers,
): void {
  channel.publish(exchange, routingKey, body, optionsOf(properties, mandatory, expirationMs, headers));
}

export function publishConfirmed(
  channel: ConfirmChannel,
  message: OutgoingMessage,
  mandatory: boolean,
  headers: MessageProperties['headers'],
  onConfirm: (refusal: Error | null) => void,
): void {
  const options = optionsOf(message.properties, mandatory, message.expirationMs, headers);
  channel.publish(message.exchange, message.routingKey, message.body, options, onConfirm);
}

/**
 * Ours alone: those of a received message have more, such as a `userId` that is refused when it is somebody else's.
 * One literal: spreading took 3 µs a message, a tenth of what a call costs its caller.
 */
function optionsOf(
  properties: MessageProperties,
  mandatory: boolean,
  expirationMs?: number,
  headers: MessageProperties['headers'] = properties.headers,
): Options.Publish {
  return {
    contentType: properties.contentType,
    contentEncoding: properties.contentEncoding,
    headers,
    correlationId: properties.correlationId,
    replyTo: properties.replyTo,
    messageId: properties.messageId,
    type: properties.type,
    priority: properties.priority,
    deliveryMode: properties.deliveryMode,
    timestamp: properties.timestamp,
    mandatory,
    // RabbitMQ closes the channel over a fraction, and drops at once what may wait 0 ms.
    expiration: expirationMs === undefined ? undefined : String(Math.max(1, Math.ceil(expirationMs))),
  } as Options.Publish;
}
