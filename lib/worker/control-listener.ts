/**
 * Hears what concerns the process and not one task: a queue of its own, bound to what it serves and to its service.
 *
 * Shape:  calls whose callers have given up are aborted; who asks who is there gets an answer. Best effort: a worker that
 *         may not have such a queue serves all the same.
 */
import type { Broker, Consumer, Delivery } from '../broker/broker.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../logger.js';
import { cancelKey, readCancel } from '../protocols/cancel.js';
import { CONTROL_EXCHANGE } from '../protocols/control.js';
import { ALL, readQuestion, writeAnswer } from '../protocols/presence.js';
import type { Settings } from '../settings/settings.js';
import type { Presence } from './presence.js';

const PREFETCH = 100;

export interface ControlParts {
  readonly broker: Broker;
  readonly settings: Pick<Settings, 'logger' | 'serviceName' | 'maxBodyBytes'>;
  readonly presence: Presence;
  onCancel(correlationId: string): void;
}

export class ControlListener {
  readonly #parts: ControlParts;
  readonly #log: Logger;
  readonly #routes = new Set<string>();
  #consumer: Promise<Consumer | undefined> | undefined;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.#log = parts.settings.logger;
  }

  /** `routes`: all whose calls can be aborted. Again with more of them, as bindings are those of the consumer. */
  async listen(routes: readonly string[]): Promise<void> {
    const added = routes.filter((route) => !this.#routes.has(route));
    if (added.length === 0 && this.#consumer !== undefined) return;
    for (const route of added) this.#routes.add(route);
    this.#consumer = this.#consume(this.#consumer, added);
    await this.#consumer;
  }

  async #consume(
    before: Promise<Consumer | undefined> | undefined,
    added: readonly string[],
  ): Promise<Consumer | undefined> {
    const old = await before;
    const { broker, settings } = this.#parts;
    const keys = [ALL, ...(settings.serviceName === undefined ? [] : [settings.serviceName])];
    const routingKeys = [...keys, ...[...this.#routes].map(cancelKey)];
    const bindings = routingKeys.map((routingKey) => ({ exchange: CONTROL_EXCHANGE.name, routingKey }));
    try {
      const declarations = [{ exchange: CONTROL_EXCHANGE }];
      const onDelivery = (delivery: Delivery) => this.#take(delivery);
      const consumer = await broker.consume({ declarations, bindings, prefetch: PREFETCH, onDelivery });
      await old?.cancel();
      return consumer;
    } catch (error) {
      this.#log.warn(
        { reason: messageOf(error) },
        'neither aborts of callers nor questions who is there will be heard',
      );
      for (const route of added) this.#routes.delete(route); // with the next ones
      return old;
    }
  }

  /** Settled first: an address that RabbitMQ refuses costs the connection, and must not do so again. */
  #take(delivery: Delivery): void {
    delivery.ack();
    const correlationId = readCancel(delivery);
    if (correlationId !== undefined) this.#parts.onCancel(correlationId);
    const question = readQuestion(delivery);
    if (question === undefined) return;
    try {
      this.#answer(question, delivery);
    } catch (error) {
      this.#log.warn({ question, reason: messageOf(error) }, 'a question who is there could not be answered');
    }
  }

  #answer(question: Parameters<Presence['answer']>[0], delivery: Delivery): void {
    const { presence, settings } = this.#parts;
    const { correlationId, replyTo } = delivery.properties;
    if (replyTo === undefined) return;
    delivery.reply(replyTo, writeAnswer(correlationId, presence.answer(question), settings.maxBodyBytes));
  }
}
