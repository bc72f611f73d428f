/**
 * What the library needs of a broker, and the shapes of messages, queues and exchanges. RabbitMQ and the memory broker
 * implement it; `test/contract/broker.ts` is one list of cases that holds for both.
 *
 * Shape:  `openCalls` for the side that asks, `publish` for what must not be lost, `consume` for the side that serves.
 * Errors: whatever needs a connection rejects with `CONNECTION_FAILED` where none can be had.
 */

export interface MessageProperties {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly messageId?: string | undefined;
  readonly type?: string | undefined;
  /** From 0; of use only in a queue declared with `x-max-priority`. */
  readonly priority?: number | undefined;
  /** 2 is persistent: the message survives a restart of the broker, in a durable queue. */
  readonly deliveryMode?: number | undefined;
  /** Seconds since 1970. */
  readonly timestamp?: number | undefined;
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
  readonly exchange: string;
  readonly routingKey: string;
  /** False once its channel is lost: the broker delivers the message again. */
  readonly isOpen: boolean;
  /** By the clock of `performance`; set by whoever wants to know how long it has waited. */
  arrivedAt?: number | undefined;
  /** Answers to `replyTo` of this delivery, before it is settled. `exchange`: the default one unless said otherwise. */
  reply(routingKey: string, reply: IncomingMessage, exchange?: string): void;
  /** The first of `ack` and `reject` counts. */
  ack(): void;
  /** Without `requeue` it goes to the queue's dead-letter exchange, where there is one. */
  reject(options: { requeue: boolean }): void;
}

export interface QueueSpec {
  readonly name: string;
  readonly durable: boolean;
  /** Deleted with its last consumer. */
  readonly autoDelete?: boolean;
  /** Of the connection that declares it, and deleted with it. */
  readonly exclusive?: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface ExchangeSpec {
  readonly name: string;
  readonly type: 'direct' | 'topic' | 'fanout' | 'headers';
  readonly durable: boolean;
  /** Deleted with its last binding. */
  readonly autoDelete?: boolean;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export interface BindingSpec {
  readonly from: string;
  readonly key: string;
  readonly to: { readonly queue: string } | { readonly exchange: string };
}

/** Something that must be there. Lists are declared in their order. */
export type Declaration =
  | { readonly queue: QueueSpec }
  | { readonly exchange: ExchangeSpec }
  | { readonly binding: BindingSpec };

/** A consumer, as it is asked for: the broker brings it back after any loss, with its declarations. */
export interface Subscription {
  /** Left out: a queue of this process alone, named by the broker, gone with the connection. */
  readonly queue?: string;
  /** Declared before each consume. */
  readonly declarations?: readonly Declaration[];
  /** What the queue of this process alone is bound to. */
  readonly bindings?: readonly { readonly exchange: string; readonly routingKey: string }[];
  /** Unsettled deliveries at once. */
  readonly prefetch: number;
  /**
   * On a connection that never publishes: under a memory alarm RabbitMQ reads nothing more from one that has, not even
   * its acks. Replies cannot be sent from there. Default: false.
   */
  readonly isIntake?: boolean;
  /** Of `basic.consume`: `x-stream-offset`, `x-priority`. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** Must not throw. */
  onDelivery(delivery: Delivery): void;
  /** Its consumer is there: the first time, and again after every loss. */
  onConsumed?(): void;
  /** The channel of its deliveries is lost, or their queue: none of those can be settled any more. New ones follow. */
  onLost?(): void;
}

export interface Consumer {
  /** No further deliveries; those that came can still be settled. */
  cancel(): Promise<void>;
}

/** What happens to calls. `onLost` comes once, after `openCalls` has resolved; the channel is of no use any more. */
export interface CallListener {
  onReply(reply: IncomingMessage): void;
  /** The message went to no queue. `known`: the queues that there are, where the broker can tell. */
  onReturn(correlationId: string, known?: readonly string[]): void;
  onLost(cause: Error | undefined): void;
}

/** Where replies arrive: RabbitMQ's direct reply-to, or a queue of this connection, which may be bound to an exchange. */
export type ReplyQueue = 'direct' | 'exclusive' | { readonly boundTo: ExchangeSpec };

export interface CallChannel {
  /** The address to put into `replyTo`. */
  readonly replyTo: string;
  /** Why the broker takes no messages at present (an alarm of memory or disk); what is sent waits for its end. */
  readonly blockedBy: string | undefined;
  /**
   * Publishes as `mandatory`: what cannot be routed comes back through `onReturn`; with `mandatory: false` it is dropped.
   * Throws where the channel is lost.
   */
  send(message: OutgoingMessage, options?: { readonly mandatory?: boolean }): void;
}

export interface PublishOptions {
  /** Declared before the first message of a connection needs it. */
  readonly declarations?: readonly Declaration[];
  /** A message that no queue takes is a `NoRouteError`. Default: true. */
  readonly mandatory?: boolean;
  /**
   * Published now or not at all, and never again: whoever publishes would rather not know than have it twice. Without a
   * channel, or where that is lost before the confirm, it is an error. Default: false.
   */
  readonly isSentOnce?: boolean;
  /** Gives up waiting; the message may still be published. */
  readonly signal?: AbortSignal | undefined;
}

/** Certificates of `amqps://`, as `tls.connect` of Node takes them; as a setting, each PEM or the path of a file with it. */
export interface TlsOptions {
  /** Whom to trust, instead of the authorities that Node knows. */
  readonly ca?: string | string[];
  /** Our own certificate, with its chain, where the broker asks for one. */
  readonly cert?: string;
  /** Of `cert`. */
  readonly key?: string;
  /** Of `key`. */
  readonly passphrase?: string;
  /** The name that the broker's certificate must have. Default: the host of the URL. */
  readonly servername?: string;
  /** `false` accepts any certificate, and so anybody in between. Default: true. */
  readonly rejectUnauthorized?: boolean;
}

/** Counted since the broker was opened. */
export interface BrokerCounts {
  /** Connections that came back after a loss. */
  readonly reconnects: number;
  /** Replies whose caller was gone, where it had a queue of its own for them: of a direct reply-to the broker cannot tell. */
  readonly repliesDropped: number;
}

/** What a queue holds now. */
export interface QueueState {
  readonly messages: number;
  readonly consumers: number;
}

export interface Broker {
  readonly isConnected: boolean;
  /** True while every subscription has its consumer: after a loss they come back one by one. */
  readonly isConsuming: boolean;
  /** Why the broker takes no messages at present: an alarm of memory or disk. */
  readonly blockedBy: string | undefined;
  readonly counts: BrokerCounts;
  /** Connects unless connected: a way to find out early that it cannot be done. */
  connect(): Promise<void>;
  /** Opens a channel for calls, with the one consumer of their replies. */
  openCalls(listener: CallListener, replyQueue?: ReplyQueue): Promise<CallChannel>;
  /**
   * Publishes and resolves once the broker has confirmed: the message is in its queues. While there is no connection it
   * waits in a bounded buffer; a message whose confirm was lost with the connection is published again.
   *
   * Errors: `NO_ROUTE`, `PUBLISH_FAILED` (refused, buffer full, or not confirmed in time; its message tells).
   */
  publish(message: OutgoingMessage, options?: PublishOptions): Promise<void>;
  /** Makes sure that these exist. A queue that exists with other arguments is adopted, with a warning. */
  declare(declarations: readonly Declaration[]): Promise<void>;
  /** Undefined where there is no such queue. */
  inspect(queue: string): Promise<QueueState | undefined>;
  /** Callers of a queue that is gone get a return at once. A queue that does not exist is no error. */
  deleteQueue(name: string): Promise<void>;
  /** Drops what waits in a queue, and tells how much that was. */
  purgeQueue(name: string): Promise<number>;
  consume(subscription: Subscription): Promise<Consumer>;
  /** Unsettled deliveries go back to their queues. Closing twice is harmless. */
  close(): Promise<void>;
}
