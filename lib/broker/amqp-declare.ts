/**
 * Declares queues. One that exists with other arguments (a Python service made it, or an older version of ours) is
 * adopted with a warning, not died over.
 *
 * Why a channel of its own: a declaration that fails closes its channel, and with it everything else on it.
 * Steps: declare -> 406 -> is it there? -> yes: adopt; no (deleted in between): declare again.
 */
import type { Channel, ChannelModel } from 'amqplib';
import { ConnectionFailedError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { QueueSpec } from './broker.js';

const PRECONDITION_FAILED = 406;
const NOT_FOUND = 404;
const ROUNDS = 3;

export class Declarations {
  readonly #model: ChannelModel;
  readonly #log: Logger;
  #channel: Promise<Channel> | undefined;
  /** One at a time: a failure must only be taken for that of its own declaration. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: ChannelModel, log: Logger) {
    this.#model = model;
    this.#log = log;
  }

  declare(queue: QueueSpec): Promise<void> {
    const declared = this.#last.then(() => this.#declare(queue));
    this.#last = declared.catch(() => {});
    return declared;
  }

  async #declare(queue: QueueSpec): Promise<void> {
    const { name, durable, arguments: args } = queue;
    let failure: unknown;
    for (let round = 0; round < ROUNDS; round += 1) {
      failure = await this.#try((channel) => channel.assertQueue(name, { durable, arguments: args }));
      if (failure === undefined) return;
      if (codeOf(failure) !== PRECONDITION_FAILED) break;
      const absence = await this.#try((channel) => channel.checkQueue(name));
      if (absence === undefined) {
        this.#log.warn({ queue: name, difference: String((failure as Error).message) }, 'queue adopted as it is');
        return;
      }
      if (codeOf(absence) !== NOT_FOUND) break;
    }
    const reason = failure instanceof Error ? failure.message : String(failure);
    const message = `The queue "${name}" cannot be declared: ${reason}`;
    throw new ConnectionFailedError(message, { queue: name }, { cause: failure });
  }

  /** What went wrong, or undefined. The channel is gone after a failure, so the next try gets a new one. */
  async #try(operation: (channel: Channel) => Promise<unknown>): Promise<unknown> {
    this.#channel ??= this.#open();
    try {
      await operation(await this.#channel);
      return undefined;
    } catch (error) {
      this.#channel = undefined;
      return error;
    }
  }

  async #open(): Promise<Channel> {
    const channel = await this.#model.createChannel();
    channel.on('error', () => {}); // the operation rejects with it
    return channel;
  }
}

function codeOf(error: unknown): number | undefined {
  return (error as { code?: number } | undefined)?.code;
}
