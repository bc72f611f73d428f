/**
 * What the library needs of a broker, and the shapes of messages and queues. RabbitMQ and the memory broker
 * implement it; `test/contract/broker.ts` is one list of cases that holds for both.
 *
 * Shape:  `openCalls` for the side that asks, `declare` and `consume` for the side that serves.
 * Errors: whatever needs a connection rejects with `CONNECTION_FAILED` where none can be had.
 */

export interface MessageProperties {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly messageId?: string | undefined;
}

export interface IncomingMessage {
  readonly body: Buffer;
  readonly properties: MessageProperties;
}

export interface OutgoingMessage extends IncomingMessage {
  /** `''` is the default exchange, whose routing keys are names of queues. */
  readonly exchange: string;
  readonly routingKey: string;
  /** The broker drops the message when it has waited this long, in whole milliseconds from 1. */
  readonly expirationMs?: number | undefined;
}

/** A received message. It is settled once, on the channel that brought it; settling a lost one does nothing. */
export interface Delivery extends IncomingMessage {
  readonly redelivered: boolean;
  /** Answers to `replyTo` of this delivery through the default exchange, before it is settled. */
  reply(routingKey: string, reply: IncomingMessage): void;
  ack(): void;
  reject(options: { requeue: boolean }): void;
}

export interface QueueSpec {
  readonly name: string;
  readonly durable: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface Consumer {
  /** No further deliveries; those that came can still be settled. */
  cancel(): Promise<void>;
}

/** What happens to calls. `onLost` comes at most once per `openCalls`; afterwards the channel is of no use. */
export interface CallListener {
  onReply(reply: IncomingMessage): void;
  /** The message went to no queue. `known`: the queues that there are, where the broker can tell. */
  onReturn(correlationId: string, known?: readonly string[]): void;
  onLost(cause: Error | undefined): void;
}

export interface CallChannel {
  /** The address to put into `replyTo`. */
  readonly replyTo: string;
  /** Publishes as `mandatory`: what cannot be routed comes back through `onReturn`. */
  send(message: OutgoingMessage): void;
}

export interface Broker {
  readonly isConnected: boolean;
  /** Connects unless connected: a way to find out early that it cannot be done. */
  connect(): Promise<void>;
  /** Opens a channel for calls, with the one consumer of their replies. */
  openCalls(listener: CallListener): Promise<CallChannel>;
  /** Makes sure that the queue exists. One that exists with other arguments is adopted, with a warning. */
  declare(queue: QueueSpec): Promise<void>;
  /** Callers of a queue that is gone get a return at once. A queue that does not exist is no error. */
  deleteQueue(name: string): Promise<void>;
  /** `prefetch`: unsettled deliveries at once. `onDelivery` must not throw. */
  consume(queue: string, prefetch: number, onDelivery: (delivery: Delivery) => void): Promise<Consumer>;
  /** Unsettled deliveries go back to their queues. Closing twice is harmless. */
  close(): Promise<void>;
}
