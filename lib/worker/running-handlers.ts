/**
 * The handlers that run now, so that they can be told to stop: their caller has gone, or the service stops.
 *
 * Shape:  `add` until the context ends. A call that was aborted before its handler started is remembered for a while.
 * Bounds: `MAX_ABORTED` such calls.
 */
import { CallAbortedError, type ServiceStoppingError } from '../errors.js';
import type { DeliveryContext } from './delivery-context.js';

const MAX_ABORTED = 1000;

export class RunningHandlers {
  readonly #contexts = new Set<DeliveryContext>();
  readonly #aborted = new Set<string>();

  get size(): number {
    return this.#contexts.size;
  }

  add(context: DeliveryContext): DeliveryContext {
    context.keptIn = this.#contexts.add(context);
    return context;
  }

  /** Its caller does not wait any more. */
  abort(correlationId: string): void {
    const own = [...this.#contexts].filter((context) => context.correlationId === correlationId);
    for (const context of own) context.abort(new CallAbortedError(context.route));
    if (own.length === 0) this.#remember(correlationId);
  }

  abortJob(route: string, messageId: string, reason: Error): void {
    for (const context of [...this.#contexts]) {
      if (context.messageId === messageId && context.route === route) context.abort(reason);
    }
  }

  abortAll(reason: ServiceStoppingError): void {
    for (const context of [...this.#contexts]) context.abort(reason);
  }

  /** True where the call was aborted before it came to its turn; asked once. */
  wasAborted(correlationId: string | undefined): boolean {
    return correlationId !== undefined && this.#aborted.delete(correlationId);
  }

  #remember(correlationId: string): void {
    this.#aborted.add(correlationId);
    const [oldest] = this.#aborted;
    if (this.#aborted.size > MAX_ABORTED && oldest !== undefined) this.#aborted.delete(oldest);
  }
}
