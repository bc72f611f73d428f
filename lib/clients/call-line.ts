/**
 * A channel for calls and the one consumer of their replies, opened by the first call and again by the first one after it
 * was lost. A client has one for each kind of reply queue that its calls need.
 */
import type { Broker, CallChannel, CallListener, ReplyQueue } from '../broker/broker.js';

export interface LineListener extends Pick<CallListener, 'onReply' | 'onReturn'> {
  onLost(channel: CallChannel, cause: Error | undefined): void;
}

export class CallLine {
  readonly #broker: Broker;
  readonly #replyQueue: ReplyQueue;
  readonly #listener: LineListener;
  #channel: CallChannel | undefined;
  #opening: Promise<CallChannel> | undefined;

  constructor(broker: Broker, replyQueue: ReplyQueue, listener: LineListener) {
    this.#broker = broker;
    this.#replyQueue = replyQueue;
    this.#listener = listener;
  }

  /** Undefined unless it is open. */
  get channel(): CallChannel | undefined {
    return this.#channel;
  }

  open(): Promise<CallChannel> {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<CallChannel> {
    const { onReply, onReturn } = this.#listener;
    let channel: CallChannel | undefined;
    let isLost = false;
    const onLost = (cause: Error | undefined) => {
      isLost = true;
      if (channel) this.#lose(channel, cause);
    };
    channel = await this.#broker.openCalls({ onReply, onReturn, onLost }, this.#replyQueue);
    if (isLost) throw new Error('The channel was lost while it was opened.');
    this.#channel = channel;
    return channel;
  }

  #lose(channel: CallChannel, cause: Error | undefined): void {
    if (this.#channel === channel) {
      this.#channel = undefined;
      this.#opening = undefined;
    }
    this.#listener.onLost(channel, cause);
  }
}
