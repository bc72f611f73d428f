/**
 * Publishes with confirms: a message is done when the broker says that its queues have it.
 *
 * Shape:  a message that is not confirmed yet is kept. After a loss of the channel or the connection it is published again
 *         on the next one, in the order of before, so it may arrive twice (with the same `messageId`). Only what goes to a
 *         direct reply-to address is not.
 * Faults: a message that the broker cannot take costs the whole channel. Those that were on it are then sent one by one,
 *         so that only the one at fault is refused.
 * Nacks:  a full queue refuses so, and a cluster whose queue has lost its leader: RabbitMQ 3.10 then goes on refusing on the
 *         channel that was told so, for ever. So the message is sent again, a few times within seconds, on another channel.
 * Bounds: at most `MAX_WAITING` messages and `MAX_WAITING_BYTES` bytes wait, each at most `CONFIRM_TIMEOUT_MS`.
 * Errors: `NO_ROUTE` (returned: no queue takes it), `PUBLISH_FAILED` (refused, not confirmed in time, too many waiting).
 */
import type { ConfirmChannel, Message } from 'amqplib';
import { NoRouteError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { OutgoingMessage, PublishOptions } from '../broker.js';
import { brokerClosed, full, givenUp, lostUnconfirmed, notConfirmed, notSent, refused } from '../publish-errors.js';
import { AmqpChannel, type AmqpConfirmChannel, type ChannelLife } from './channel.js';
import type { AmqpConnection } from './connection.js';
import type { Declarations } from './declarations.js';
import { DIRECT_REPLY_TO, publishConfirmed } from './delivery.js';
import { ReusedHeaders } from './reused-headers.js';
import { withinTime } from './within-time.js';

const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const CONFIRM_TIMEOUT_MS = 30_000;
/** With growing pauses before each: an election takes less than a second. */
const MAX_NACKS = 4;

interface Waiting {
  message: OutgoingMessage;
  options: PublishOptions;
  resolve: () => void;
  reject: (error: Error) => void;
  /** By the clock of `performance`. */
  readonly expiresAt: number;
  readonly stopListening: (() => void) | undefined;
  /** The channel that it is on, or is being declared for. */
  life: ChannelLife | undefined;
  /** It has left the process once: the broker may have it. */
  isSent: boolean;
  isReturned: boolean;
  /** What it needs was forgotten and declared again. */
  isRedeclared: boolean;
  nacks: number;
}

/**
 * What is settled holds nothing: a `Set` that has grown or shrunk keeps its old table linked to the new one (V8), so that
 * what was in both lives until the next full collection.
 */
const NO_MESSAGE: OutgoingMessage = { exchange: '', routingKey: '', body: Buffer.alloc(0), properties: {} };
const NO_OPTIONS: PublishOptions = {};
const NOTHING = () => {};

export class AmqpPublisher {
  readonly #connection: AmqpConnection;
  readonly #declarations: Declarations;
  readonly #channel: AmqpConfirmChannel;
  readonly #headers = new ReusedHeaders();
  readonly #waiting = new Set<Waiting>();
  /** Those that were on a channel when the broker closed it: one of them is at fault. */
  readonly #suspects = new Set<Waiting>();
  #bytes = 0;
  /** The channel that is to be replaced, and whether that waits only for the confirms of what is on it. */
  #renewed: ChannelLife | undefined;
  #isDraining = false;
  /** One for all: they expire in the order in which they came. */
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: AmqpConnection, declarations: Declarations, log: Logger) {
    this.#connection = connection;
    this.#declarations = declarations;
    this.#channel = new AmqpChannel<ConfirmChannel>({
      name: 'publish',
      connection,
      log,
      withConfirms: true,
      setUp: (life) => void life.channel.on('return', (message) => this.#onReturn(life, message)),
      onOpen: () => {
        this.#channel.keep();
        this.#sendAll();
      },
      onLost: (life, _cause, refusal) => this.#onLost(life, refusal),
    });
    connection.onUnblocked(() => this.#sendAll());
  }

  publish(message: OutgoingMessage, options: PublishOptions): Promise<void> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(givenUp(message, false, signal.reason));
    if (this.#waiting.size >= MAX_WAITING || this.#bytes + message.body.length > MAX_WAITING_BYTES) {
      const held = { messages: this.#waiting.size, bytes: this.#bytes };
      return Promise.reject(full(message, held, { messages: MAX_WAITING, bytes: MAX_WAITING_BYTES }));
    }
    if (options.isSentOnce && !this.#canSend) return Promise.reject(notSent(message));
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        message,
        options,
        resolve,
        reject,
        expiresAt: performance.now() + CONFIRM_TIMEOUT_MS,
        stopListening: signal && this.#listen(signal, () => waiting),
        life: undefined,
        isSent: false,
        isReturned: false,
        isRedeclared: false,
        nacks: 0,
      };
      this.#waiting.add(waiting);
      this.#timer ??= setTimeout(() => this.#expire(), CONFIRM_TIMEOUT_MS);
      this.#bytes += message.body.length;
      this.#send(waiting);
    });
  }

  #listen(signal: AbortSignal, waitingOf: () => Waiting): () => void {
    const onAbort = () => {
      const waiting = waitingOf();
      this.#settle(waiting, givenUp(waiting.message, waiting.isSent, signal.reason));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return () => signal.removeEventListener('abort', onAbort);
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const waiting of this.#waiting) {
      if (waiting.expiresAt > now) {
        this.#timer = setTimeout(() => this.#expire(), Math.ceil(waiting.expiresAt - now));
        return;
      }
      const { message, isSent } = waiting;
      this.#settle(waiting, notConfirmed(message, CONFIRM_TIMEOUT_MS, isSent, this.#connection.blockedBy));
    }
  }

  /** Waits for confirms, as long as there is a connection that could bring them. */
  async close(): Promise<void> {
    const { current } = this.#channel;
    if (current) await withinTime(current.channel.waitForConfirms().catch(() => {}));
    for (const waiting of [...this.#waiting]) this.#settle(waiting, brokerClosed(waiting.message, waiting.isSent));
    await this.#channel.close();
  }

  get #canSend(): boolean {
    return (
      this.#channel.current !== undefined &&
      this.#connection.blockedBy === undefined &&
      this.#suspects.size === 0 &&
      !this.#isDraining
    );
  }

  #send(waiting: Waiting): void {
    const life = this.#channel.current;
    if (!life) {
      this.#open(); // which sends everything
      return;
    }
    if (this.#connection.blockedBy !== undefined) return; // `onUnblocked` sends it
    if (this.#isDraining) return; // the next channel sends it
    if (this.#suspects.size > 0 && !this.#isFirstSuspect(waiting)) return; // its turn comes
    waiting.life = life;
    const { declarations } = waiting.options;
    if (declarations && !this.#declarations.isKnown(declarations)) void this.#declareAndWrite(life, waiting);
    else this.#write(life, waiting);
  }

  async #declareAndWrite(life: ChannelLife<ConfirmChannel>, waiting: Waiting): Promise<void> {
    try {
      await this.#declarations.declare(waiting.options.declarations ?? []);
    } catch (error) {
      // A declaration that failed with the connection is made again on the next one.
      if (life.isOpen) this.#settle(waiting, error as Error);
      return;
    }
    if (life.isOpen && !this.#isDraining && this.#waiting.has(waiting)) this.#write(life, waiting);
  }

  #write(life: ChannelLife<ConfirmChannel>, waiting: Waiting): void {
    const { message, options } = waiting;
    try {
      const headers = this.#headers.of(message.properties.headers);
      publishConfirmed(life.channel, message, options.mandatory ?? true, headers, (refusal) => {
        if (life.isOpen) this.#onConfirm(life, waiting, refusal);
      });
      waiting.isSent = true;
    } catch (error) {
      if (life.isOpen) this.#settle(waiting, refused(message, error)); // a property of a wrong type
    }
  }

  #open(): void {
    this.#channel.open().catch((error) => {
      // A broker that was there comes back, and every message has its own time limit.
      if (this.#connection.wasOpen && !this.#connection.isClosed) this.#channel.keep();
      else for (const waiting of [...this.#waiting]) this.#settle(waiting, error);
    });
  }

  /** What is not on the present channel yet. */
  #sendAll(): void {
    const life = this.#channel.current;
    if (!life) return;
    for (const waiting of this.#suspects.size > 0 ? this.#suspects : this.#waiting) {
      if (waiting.life !== life) this.#send(waiting);
      if (this.#suspects.size > 0) return;
    }
  }

  #isFirstSuspect(waiting: Waiting): boolean {
    return this.#suspects.values().next().value === waiting;
  }

  #onConfirm(life: ChannelLife<ConfirmChannel>, waiting: Waiting, refusal: Error | null): void {
    const { message, options, isReturned, isRedeclared } = waiting;
    if (refusal) this.#onNack(life, waiting, refusal);
    else if (!isReturned) this.#settle(waiting);
    else if (options.declarations?.length && !isRedeclared) this.#redeclare(waiting);
    else this.#settle(waiting, new NoRouteError(message.routingKey));
  }

  #onNack(life: ChannelLife<ConfirmChannel>, waiting: Waiting, refusal: Error): void {
    if (!this.#waiting.has(waiting)) return;
    waiting.nacks += 1;
    waiting.life = undefined;
    const isFinal = waiting.options.isSentOnce || waiting.nacks > MAX_NACKS;
    void this.#renew(life, waiting.nacks); // also for those that come after one that is given up
    if (isFinal) this.#settle(waiting, refused(waiting.message, refusal));
  }

  async #renew(life: ChannelLife<ConfirmChannel>, attempt: number): Promise<void> {
    if (this.#renewed === life) return;
    this.#renewed = life;
    await this.#connection.pause(attempt + 1);
    if (!life.isOpen || this.#connection.isClosed) return;
    this.#isDraining = true; // else what is on it would be sent twice
    await withinTime(drained(life));
    this.#isDraining = false;
    if (life.isOpen) await this.#channel.renew(life);
    else this.#sendAll(); // the next channel came meanwhile
  }

  /** Its queue was declared once, and is gone: somebody deleted it, or it has expired. */
  #redeclare(waiting: Waiting): void {
    this.#declarations.forget();
    Object.assign(waiting, { isRedeclared: true, isReturned: false, life: undefined });
    this.#send(waiting);
  }

  /** The return comes before the confirm, which is an ack all the same. */
  #onReturn(life: ChannelLife, { fields, properties }: Message): void {
    for (const waiting of this.#waiting) {
      const { message, options, isReturned } = waiting;
      if (isReturned || waiting.life !== life || options.mandatory === false) continue;
      if (message.properties.messageId !== properties.messageId) continue;
      if (message.routingKey !== fields.routingKey || message.exchange !== fields.exchange) continue;
      waiting.isReturned = true;
      return;
    }
  }

  #onLost(life: ChannelLife, refusal: Error | undefined): void {
    if (refusal) this.#declarations.forget(); // an exchange that was declared once may be gone
    const onIt = [...this.#waiting].filter((waiting) => waiting.life === life);
    for (const waiting of onIt) {
      // A direct reply-to address that is forged costs the connection, and would cost each one after it.
      if (waiting.options.isSentOnce || waiting.message.routingKey.startsWith(DIRECT_REPLY_TO)) {
        this.#settle(waiting, lostUnconfirmed(waiting.message));
        continue;
      }
      waiting.life = undefined;
      waiting.isReturned = false;
      if (!refusal) continue;
      if (onIt.length === 1 && this.#suspects.has(waiting)) this.#settle(waiting, refused(waiting.message, refusal));
      else this.#suspects.add(waiting);
    }
  }

  #settle(waiting: Waiting, error?: Error): void {
    if (!this.#waiting.delete(waiting)) return;
    waiting.stopListening?.();
    this.#bytes -= waiting.message.body.length;
    if (this.#waiting.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (error) waiting.reject(error);
    else waiting.resolve();
    waiting.message = NO_MESSAGE;
    waiting.options = NO_OPTIONS;
    waiting.resolve = waiting.reject = NOTHING;
    waiting.life = undefined;
    if (this.#suspects.delete(waiting)) this.#sendAll();
  }
}

/** Everything that is on it is confirmed or refused, or it is lost. */
async function drained(life: ChannelLife<ConfirmChannel>): Promise<void> {
  for (let isDone = false; life.isOpen && !isDone; ) {
    isDone = await life.channel.waitForConfirms().then(
      () => true,
      () => false, // one was refused; there may be more
    );
  }
}
