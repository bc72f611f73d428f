/** The second argument of a handler: what is known of the delivery that it handles. */
import type { Caller } from '../caller.js';
import type { Dependency } from '../dependencies/dependency.js';
import type { Provided } from '../dependencies/inject.js';
import { RpcTimeoutError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Failure } from '../protocols/failure.js';
import type { RequestInfo } from '../protocols/protocol.js';
import type { TaskContext } from '../tasks/task.js';

interface ContextInfo extends Omit<RequestInfo, 'replyTo'> {
  readonly attempt?: number;
  readonly failure?: Failure | undefined;
}

/** Of JavaScript. Any number may stand in a header. */
const LAST_DATE = 8.64e15;
const NO_DEPS = Object.freeze({});
const NOTHING: Provided['provided'] = new Map();

export class DeliveryContext implements TaskContext, Provided {
  readonly route: string;
  readonly messageId: string;
  readonly correlationId: string | undefined;
  readonly attempt: number;
  readonly failure: Failure | undefined;
  readonly redelivered: boolean;
  readonly caller: Caller;
  readonly log: Logger;
  /** What hears of progress. */
  onProgress: ((value: unknown) => void) | undefined;
  #deps: object = NO_DEPS;
  #provided = NOTHING;
  readonly #deadline: number | undefined;
  #abort: AbortController | undefined;
  #reason: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Those that run, as long as it is one of them. */
  keptIn: Set<DeliveryContext> | undefined;

  constructor(route: string, info: ContextInfo, redelivered: boolean, log: Logger) {
    this.route = route;
    this.messageId = info.messageId;
    this.correlationId = info.correlationId;
    this.attempt = info.attempt ?? 1;
    this.failure = info.failure;
    this.redelivered = redelivered;
    this.caller = info.caller;
    this.log = log;
    this.#deadline = info.deadline;
  }

  get deps(): object {
    return this.#deps;
  }

  /** For fields of classes: values by dependency, and not by name. */
  get provided(): ReadonlyMap<Dependency<unknown>, unknown> {
    return this.#provided;
  }

  provide(deps: object, provided: Provided['provided']): void {
    this.#deps = deps;
    this.#provided = provided;
  }

  get deadline(): Date | undefined {
    return this.#deadline === undefined ? undefined : new Date(Math.min(this.#deadline, LAST_DATE));
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

  /** A function of its own: handlers take it out of the context. */
  get progress(): (value: unknown) => void {
    return (value) => this.onProgress?.(value);
  }

  /** Why it was aborted before its deadline, if it was. */
  get abortReason(): Error | undefined {
    return this.#reason;
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#abort?.abort(reason);
  }

  /** The handler has ended: nothing is to be aborted any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.keptIn?.delete(this);
  }

  #abortAt(deadline: number): void {
    const leftMs = Math.max(0, deadline - Date.now());
    const abort = () => this.#abort?.abort(new RpcTimeoutError(this.route, leftMs));
    this.#timer = setTimeout(abort, Math.min(leftMs, 2 ** 31 - 1));
    this.#timer.unref();
  }
}
