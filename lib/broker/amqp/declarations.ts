/**
 * Declares exchanges, queues and bindings. A queue that exists with other arguments (a Python service made it, or an
 * older version of ours) is adopted with a warning, not died over.
 *
 * Why a channel of its own: a declaration that fails closes its channel, and with it everything else on it.
 * Steps of a queue: declare -> 406 -> is it there? -> yes: adopt; no (deleted in between): declare again.
 * Shape:  what was declared on a connection is not declared on it again.
 */
import type { Channel, ChannelModel } from 'amqplib';
import { ConnectionFailedError, messageOf } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { BindingSpec, Declaration, ExchangeSpec, QueueSpec, QueueState } from '../broker.js';
import type { AmqpConnection } from './connection.js';

const PRECONDITION_FAILED = 406;
const NOT_FOUND = 404;
const ROUNDS = 3;

export class Declarations {
  readonly #connection: AmqpConnection;
  readonly #log: Logger;
  #model: ChannelModel | undefined;
  #channel: Promise<Channel> | undefined;
  readonly #known = new Set<string>();
  /** Lists that were found known, by themselves: whoever publishes often has the same one each time. */
  #knownLists = new WeakSet<readonly Declaration[]>();
  readonly #warned = new Set<string>();
  /** One at a time: a failure must only be taken for that of its own declaration. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: AmqpConnection, log: Logger) {
    this.#connection = connection;
    this.#log = log;
  }

  declare(declarations: readonly Declaration[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#connected();
      try {
        for (const declaration of declarations) await this.#declareOnce(declaration);
      } catch (error) {
        // What was declared before may be gone: a binding fails whose queue was just being deleted when it was declared.
        for (const declaration of declarations) this.#known.delete(JSON.stringify(declaration));
        this.#knownLists = new WeakSet();
        throw error;
      }
    });
  }

  /** All of them were declared on the present connection. */
  isKnown(declarations: readonly Declaration[]): boolean {
    if (!this.#model || this.#model !== this.#connection.current) return false;
    if (declarations.length === 0 || this.#knownLists.has(declarations)) return true;
    const isKnown = declarations.every((declaration) => this.#known.has(JSON.stringify(declaration)));
    if (isKnown) this.#knownLists.add(declarations);
    return isKnown;
  }

  /** The next `declare` asks the broker again, for everything. */
  forget(): void {
    this.#known.clear();
    this.#knownLists = new WeakSet();
  }

  inspect(queue: string): Promise<QueueState | undefined> {
    return this.#inTurn(async () => {
      await this.#connected();
      let state: QueueState | undefined;
      const failure = await this.#try(async (channel) => {
        const { messageCount, consumerCount } = await channel.checkQueue(queue);
        state = { messages: messageCount, consumers: consumerCount };
      });
      if (failure !== undefined && codeOf(failure) !== NOT_FOUND)
        throw failed(`queue "${queue}"`, 'inspected', failure);
      return state;
    });
  }

  /** Anything else that may fail and close its channel. */
  run<T>(what: string, operation: (channel: Channel) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#connected();
      let result: T | undefined;
      const failure = await this.#try(async (channel) => {
        result = await operation(channel);
      });
      if (failure !== undefined) throw failed(what, 'changed', failure);
      return result as T;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #connected(): Promise<void> {
    const model = await this.#connection.open();
    if (model === this.#model) return;
    this.#model = model;
    this.#channel = undefined;
    this.forget();
  }

  async #declareOnce(declaration: Declaration): Promise<void> {
    const key = JSON.stringify(declaration);
    if (this.#known.has(key)) return;
    if ('queue' in declaration) await this.#declareQueue(declaration.queue);
    else if ('exchange' in declaration) await this.#declareExchange(declaration.exchange);
    else await this.#bind(declaration.binding);
    this.#known.add(key);
  }

  async #declareQueue(queue: QueueSpec): Promise<void> {
    const { name, durable, autoDelete = false, exclusive = false, arguments: args } = queue;
    let failure: unknown;
    for (let round = 0; round < ROUNDS; round += 1) {
      failure = await this.#try((channel) =>
        channel.assertQueue(name, { durable, autoDelete, exclusive, arguments: args }),
      );
      if (failure === undefined) return;
      if (codeOf(failure) !== PRECONDITION_FAILED) break;
      const absence = await this.#try((channel) => channel.checkQueue(name));
      if (absence === undefined) return this.#adopt(name, failure);
      if (codeOf(absence) !== NOT_FOUND) break;
    }
    throw failed(`queue "${name}"`, 'declared', failure);
  }

  #adopt(queue: string, failure: unknown): void {
    if (this.#warned.has(queue)) return;
    this.#warned.add(queue);
    this.#log.warn({ queue, difference: messageOf(failure) }, 'queue adopted as it is');
  }

  async #declareExchange({
    name,
    type,
    durable,
    autoDelete = false,
    arguments: args = {},
  }: ExchangeSpec): Promise<void> {
    const failure = await this.#try((channel) =>
      channel.assertExchange(name, type, { durable, autoDelete, arguments: args }),
    );
    if (failure !== undefined) throw failed(`exchange "${name}"`, 'declared', failure);
  }

  async #bind({ from, key, to }: BindingSpec): Promise<void> {
    const failure = await this.#try((channel) =>
      'queue' in to ? channel.bindQueue(to.queue, from, key) : channel.bindExchange(to.exchange, from, key),
    );
    const target = 'queue' in to ? `queue "${to.queue}"` : `exchange "${to.exchange}"`;
    if (failure !== undefined) throw failed(`${target} to the exchange "${from}"`, 'bound', failure);
  }

  /** What went wrong, or undefined. The channel is gone after a failure, so the next try gets a new one. */
  async #try(operation: (channel: Channel) => Promise<unknown>): Promise<unknown> {
    const opened = this.#channel ?? this.#open();
    this.#channel = opened;
    try {
      await operation(await opened);
      return undefined;
    } catch (error) {
      if (this.#channel === opened) this.#channel = undefined;
      await opened.then((channel) => channel.close()).catch(() => {}); // open still, where amqplib itself refused
      return error ?? new Error('unknown');
    }
  }

  #open(): Promise<Channel> {
    const opened = (this.#model as ChannelModel).createChannel().then((channel) => {
      channel.on('error', () => {}); // the operation rejects with it
      channel.on('close', () => {
        if (this.#channel === opened) this.#channel = undefined;
      });
      return channel;
    });
    return opened;
  }
}

function failed(what: string, verb: string, failure: unknown): ConnectionFailedError {
  const message = `The ${what} cannot be ${verb}: ${messageOf(failure)}`;
  return new ConnectionFailedError(message, { what, code: codeOf(failure) }, { cause: failure });
}

/** The AMQP reply code of what amqplib rejects with. */
function codeOf(error: unknown): number | undefined {
  return (error as { code?: number } | undefined)?.code;
}
