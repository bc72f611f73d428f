/**
 * Calls that wait for an answer, keyed by correlation id. Bookkeeping only: no broker here.
 *
 * Shape:  `open` gives one promise per call; the answer, a failure, the timer or the caller's signal settles it once.
 * Units:  `timeoutMs` is milliseconds, counted from `open`.
 * Errors: rejects with `RpcTimeoutError`, `CallAbortedError`, or what `fail` and `failAll` are given.
 */
import { CallAbortedError, RpcTimeoutError } from '../errors.js';

interface Waiting {
  readonly route: string;
  readonly timeoutMs: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly stopListening: (() => void) | undefined;
}

export class PendingCalls {
  readonly #waiting = new Map<string, Waiting>();

  get size(): number {
    return this.#waiting.size;
  }

  routeOf(id: string): string | undefined {
    return this.#waiting.get(id)?.route;
  }

  /** Open before publishing: a fast reply must find its call. */
  open(id: string, route: string, timeoutMs: number, signal?: AbortSignal): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(new CallAbortedError(route, { cause: signal.reason }));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.expire(id), timeoutMs);
      const stopListening = signal && this.#listen(id, route, signal);
      this.#waiting.set(id, { route, timeoutMs, timer, resolve, reject, stopListening });
    });
  }

  /** False where nobody waits for this id: a late or foreign reply. */
  resolve(id: string, value: unknown): boolean {
    const call = this.#take(id);
    call?.resolve(value);
    return call !== undefined;
  }

  fail(id: string, error: Error): boolean {
    const call = this.#take(id);
    call?.reject(error);
    return call !== undefined;
  }

  failAll(errorOf: (route: string) => Error): void {
    for (const [id, { route }] of [...this.#waiting]) this.fail(id, errorOf(route));
  }

  /** What the timer does. */
  expire(id: string): void {
    const call = this.#take(id);
    call?.reject(new RpcTimeoutError(call.route, call.timeoutMs));
  }

  #listen(id: string, route: string, signal: AbortSignal): () => void {
    const onAbort = () => this.fail(id, new CallAbortedError(route, { cause: signal.reason }));
    signal.addEventListener('abort', onAbort, { once: true });
    return () => signal.removeEventListener('abort', onAbort);
  }

  #take(id: string): Waiting | undefined {
    const call = this.#waiting.get(id);
    if (!call) return undefined;
    this.#waiting.delete(id);
    clearTimeout(call.timer);
    call.stopListening?.();
    return call;
  }
}
