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
  /** Settled beyond it. */
  readonly #ahead = new Set<number>();
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
    this.#ahead.add(message.fields.deliveryTag);
    this.#advance();
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    const acked = this.#waiting.sort((a, b) => a - b);
    this.#waiting = [];
    for (const tag of acked) this.#ahead.add(tag);
    this.#advance();
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

  #advance(): void {
    while (this.#ahead.delete(this.#settledTo + 1)) this.#settledTo += 1;
  }
}
