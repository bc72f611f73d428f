/**
 * Hears of calls whose callers have given up: a queue of this process, bound to its own routes.
 *
 * Shape:  best effort. A worker that may not have such a queue serves all the same.
 */
import type { Broker, Consumer, Delivery } from '../broker/broker.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../logger.js';
import { CONTROL_EXCHANGE, cancelKey, readCancel } from '../protocols/cancel.js';

const PREFETCH = 100;

export class CancelListener {
  readonly #broker: Broker;
  readonly #log: Logger;
  readonly #onCancel: (correlationId: string) => void;
  readonly #routes = new Set<string>();
  #consumer: Promise<Consumer | undefined> = Promise.resolve(undefined);

  constructor(broker: Broker, log: Logger, onCancel: (correlationId: string) => void) {
    this.#broker = broker;
    this.#log = log;
    this.#onCancel = onCancel;
  }

  /** `routes`: all that are served. Again with more of them, as bindings are those of the consumer. */
  async listen(routes: readonly string[]): Promise<void> {
    const added = routes.filter((route) => !this.#routes.has(route));
    if (added.length === 0) return;
    for (const route of added) this.#routes.add(route);
    const before = this.#consumer;
    this.#consumer = this.#consume([...this.#routes], before);
    await this.#consumer;
  }

  async #consume(routes: readonly string[], before: Promise<Consumer | undefined>): Promise<Consumer | undefined> {
    const old = await before;
    const bindings = routes.map((route) => ({ exchange: CONTROL_EXCHANGE.name, routingKey: cancelKey(route) }));
    try {
      const declarations = [{ exchange: CONTROL_EXCHANGE }];
      const onDelivery = (delivery: Delivery) => this.#take(delivery);
      const consumer = await this.#broker.consume({ declarations, bindings, prefetch: PREFETCH, onDelivery });
      await old?.cancel();
      return consumer;
    } catch (error) {
      this.#log.warn({ reason: messageOf(error) }, 'aborts of callers will not be heard');
      return old;
    }
  }

  #take(delivery: Delivery): void {
    delivery.ack();
    const correlationId = readCancel(delivery);
    if (correlationId !== undefined) this.#onCancel(correlationId);
  }
}
