/**
 * Leaves a route alone that does not answer, so that a dead service costs each response milliseconds and not a timeout.
 *
 * Shape:  closed -> (`failures` in a row) -> open -> (`retryMs` later, by the next call) -> one call on trial, all others
 *         still refused -> closed where an answer comes, else open again. Every call `enter`s, and settles its pass once.
 * Units:  milliseconds; times are those of `now`, epoch milliseconds.
 * Errors: `enter` throws `CircuitOpenError`.
 */
import { CircuitOpenError } from '../errors.js';

export interface CircuitLimits {
  readonly failures: number;
  readonly retryMs: number;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

/** What a call has shown of its service: that it is there, that it is not, or neither. */
export type Sign = 'alive' | 'dead' | 'unknown';

/** The permission to make one call. */
export interface Pass {
  settle(sign: Sign, error?: unknown): void;
}

export class Circuit {
  readonly #route: string;
  readonly #limits: CircuitLimits;
  readonly #now: () => number;
  #failures = 0;
  #openedAt: number | undefined;
  #retryAt = 0;
  #trial: Pass | undefined;
  #cause: unknown;

  constructor(route: string, limits: CircuitLimits, now: () => number = Date.now) {
    this.#route = route;
    this.#limits = limits;
    this.#now = now;
  }

  get state(): CircuitState {
    if (this.#openedAt === undefined) return 'closed';
    return this.#trial ? 'half-open' : 'open';
  }

  /** Throws while calls are refused. Asking takes no pass: for calls that have to wait before they are made. */
  check(): void {
    if (this.#openedAt === undefined) return;
    if (this.#trial || this.#now() < this.#retryAt) throw this.#refusal(this.#openedAt);
  }

  enter(): Pass {
    this.check();
    const pass: Pass = { settle: (sign, error) => this.#settle(pass, sign, error) };
    if (this.#openedAt !== undefined) this.#trial = pass;
    return pass;
  }

  #settle(pass: Pass, sign: Sign, error: unknown): void {
    const isTrial = pass === this.#trial;
    if (isTrial) this.#trial = undefined;
    if (sign === 'alive') this.#close();
    else if (sign === 'dead') this.#fail(isTrial, error);
  }

  #close(): void {
    this.#failures = 0;
    this.#openedAt = undefined;
    this.#cause = undefined;
  }

  #fail(isTrial: boolean, error: unknown): void {
    // What was on its way when the circuit opened says nothing new.
    if (this.#openedAt !== undefined && !isTrial) return;
    this.#failures += 1;
    if (this.#failures < this.#limits.failures) return;
    this.#openedAt ??= this.#now();
    this.#retryAt = this.#now() + this.#limits.retryMs;
    this.#cause = error;
  }

  #refusal(openedAt: number): CircuitOpenError {
    const retryAt = Math.max(this.#retryAt, this.#now());
    return new CircuitOpenError(this.#route, {
      failures: this.#failures,
      openedAt: new Date(openedAt),
      retryAt: new Date(retryAt),
      cause: this.#cause,
    });
  }
}
