/** The second argument of a handler: what is known of the delivery that it handles. */
import type { Caller } from '../caller.js';
import { RpcTimeoutError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { RequestInfo } from '../protocols/protocol.js';
import type { TaskContext } from '../tasks/task.js';

export class DeliveryContext implements TaskContext {
  readonly route: string;
  readonly messageId: string;
  readonly correlationId: string | undefined;
  readonly attempt = 1;
  readonly redelivered: boolean;
  readonly caller: Caller;
  readonly log: Logger;
  readonly #deadline: number | undefined;
  #abort: AbortController | undefined;
  #reason: Error | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(route: string, info: RequestInfo, redelivered: boolean, log: Logger) {
    this.route = route;
    this.messageId = info.messageId;
    this.correlationId = info.correlationId;
    this.redelivered = redelivered;
    this.caller = info.caller;
    this.log = log;
    this.#deadline = info.deadline;
  }

  get deadline(): Date | undefined {
    return this.#deadline === undefined ? undefined : new Date(this.#deadline);
  }

  /** Made on first use: most handlers never look at it. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#reason) this.#abort.abort(this.#reason);
      if (this.#deadline !== undefined) this.#abortAt(this.#deadline);
    }
    return this.#abort.signal;
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#abort?.abort(reason);
  }

  /** The handler has ended: nothing is to be aborted any more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #abortAt(deadline: number): void {
    const leftMs = Math.max(0, deadline - Date.now());
    const abort = () => this.#abort?.abort(new RpcTimeoutError(this.route, leftMs));
    this.#timer = setTimeout(abort, Math.min(leftMs, 2 ** 31 - 1));
    this.#timer.unref();
  }
}
