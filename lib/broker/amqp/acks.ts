/**
 * The acks of one life of a channel: those of one turn leave together, in one frame as far as they follow each other. An
 * ack of its own for each delivery takes 3 % of what a call costs the worker, and 10 % of what it costs the broker.
 *
 * Shape:  RabbitMQ numbers the deliveries of a channel from 1. `multiple` settles all up to a number (AMQP 0-9-1,
 *         basic.ack), so it is used only where every delivery before is settled or is acked in the same turn.
 * Order:  amqplib writes at the end of the turn (`setImmediate`), so the acks of `process.nextTick` leave with the
 *         replies of the same turn, in one system call.
 */
import { type Channel, IllegalOperationError, type Message } from 'amqplib';
import type { ChannelLife } from './channel.js';

export class Acks {
  readonly life: ChannelLife;
  /** Every delivery up to this one is settled. */
  #settledTo = 0;
  /**
   * Settled beyond it, as runs of tags that follow each other: where each ends, by its first tag, and the other way round.
   * A delivery may be out for minutes, with millions behind it: there are no more runs than deliveries that are out.
   */
  readonly #endOf = new Map<number, number>();
  readonly #startOf = new Map<number, number>();
  /** Acked, and not sent yet. */
  #waiting: number[] = [];

  constructor(life: ChannelLife) {
    this.life = life;
  }

  ack(deliveryTag: number): void {
    this.#waiting.push(deliveryTag);
    if (this.#waiting.length === 1) process.nextTick(() => this.flush());
  }

  /** A reject and not a nack: RabbitMQ 4.3 counts only the former against the delivery limit. */
  reject(message: Message, requeue: boolean): void {
    this.whileOpen((channel) => channel.reject(message, requeue));
    this.#settle(message.fields.deliveryTag);
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    const acked = this.#waiting.sort((a, b) => a - b);
    this.#waiting = [];
    for (const tag of acked) this.#settle(tag);
    const following = acked.filter((tag) => tag <= this.#settledTo);
    const last = following.at(-1);
    if (last !== undefined) this.#send(last, following.length > 1);
    for (const tag of acked.slice(following.length)) this.#send(tag, false);
  }

  /** The connection may be closing, which is not told before it is closed. */
  whileOpen(act: (channel: Channel) => unknown): void {
    if (!this.life.isOpen) return;
    try {
      act(this.life.channel);
    } catch (error) {
      if (!(error instanceof IllegalOperationError)) throw error;
    }
  }

  #send(deliveryTag: number, multiple: boolean): void {
    this.whileOpen((channel) => channel.ack({ fields: { deliveryTag } } as Message, multiple));
  }

  #settle(deliveryTag: number): void {
    const next = deliveryTag + 1;
    const end = this.#endOf.get(next) ?? next;
    this.#endOf.delete(next);
    if (deliveryTag === this.#settledTo + 1) {
      this.#startOf.delete(end);
      this.#settledTo = end - 1;
      return;
    }
    const start = this.#startOf.get(deliveryTag) ?? deliveryTag;
    this.#startOf.delete(deliveryTag);
    this.#endOf.set(start, end);
    this.#startOf.set(end, start);
  }
}
