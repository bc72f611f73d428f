/**
 * At most so many at once; the others wait in line.
 *
 * Shape:  `await enter(patience)`, then `leave()` exactly once.
 * Errors: rejects with `RpcTimeoutError` or `CallAbortedError` for whom the wait is over before its turn has come.
 */
import { CallAbortedError, RpcTimeoutError } from '../errors.js';
import { currentScope } from '../scope.js';

export interface Patience {
  readonly route: string;
  /** Milliseconds; undefined: for ever. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Of what runs now: no longer than its own caller waits, nor after that one has gone. */
export function patience(route: string, timeoutMs: number | undefined): Patience {
  const { deadline, signal } = currentScope() ?? {};
  if (deadline === undefined) return { route, timeoutMs, signal };
  const leftMs = Math.max(0, deadline - Date.now());
  return { route, timeoutMs: Math.min(timeoutMs ?? leftMs, leftMs), signal };
}

export class Turnstile {
  readonly #limit: number;
  readonly #line = new Set<() => void>();
  #inside = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when it is one's turn: to true where one had to wait for it. */
  async enter(patience: Patience): Promise<boolean> {
    if (this.#inside < this.#limit) {
      this.#inside += 1;
      return false;
    }
    let step: (() => void) | undefined;
    const turn = new Promise<void>((resolve) => {
      step = resolve;
      this.#line.add(resolve);
    });
    try {
      await inTime(turn, patience);
      return true;
    } catch (error) {
      // Its turn may have come in the same moment: then the place is free again.
      if (step && !this.#line.delete(step)) this.leave();
      throw error;
    }
  }

  leave(): void {
    const [next] = this.#line;
    if (next) {
      this.#line.delete(next);
      next();
    } else {
      this.#inside -= 1;
    }
  }
}

/** What `promise` gives, for as long as one is willing to wait. The work behind it goes on for others. */
export function inTime<T>(promise: Promise<T>, { route, timeoutMs, signal }: Patience): Promise<T> {
  if (timeoutMs === undefined && !signal) return promise;
  return new Promise((resolve, reject) => {
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => reject(new RpcTimeoutError(route, timeoutMs)), timeoutMs);
    const onAbort = () => reject(new CallAbortedError(route, { cause: signal?.reason }));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    promise.finally(stop).then(resolve, reject);
  });
}
