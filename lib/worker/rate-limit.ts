/**
 * At most `max` starts within any `perMs`.
 *
 * Why no token bucket: a full one that is refilled meanwhile lets twice as many through within `perMs`. The times of the
 * last `max` starts say it exactly.
 */
import type { RateLimitOptions } from '../tasks/job.js';

export class RateLimit {
  readonly #perMs: number;
  readonly #now: () => number;
  /** A ring: the oldest of the last `max` starts stands at `#next`. */
  readonly #starts: number[];
  readonly #urgent: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOpen = false;

  /** `now`: a clock in milliseconds that is never set back. */
  constructor({ max, perMs }: RateLimitOptions, now: () => number = () => performance.now()) {
    this.#perMs = perMs;
    this.#now = now;
    this.#starts = new Array(max).fill(-Infinity);
  }

  /** Calls `ready` once a start is allowed. It is counted by `take`, and one that comes in between may use it up. */
  wait(ready: () => void, isUrgent = false): void {
    (isUrgent ? this.#urgent : this.#waiting).push(ready);
    this.#release();
  }

  /** Counts a start; false where none is allowed now. */
  take(): boolean {
    if (this.#leftMs() > 0) return false;
    this.#starts[this.#next] = this.#now();
    this.#next = (this.#next + 1) % this.#starts.length;
    return true;
  }

  /** No limit from now on: at the end of a worker, what waits is only given back. */
  open(): void {
    this.#isOpen = true;
    this.#release();
  }

  #leftMs(): number {
    if (this.#isOpen) return 0;
    return (this.#starts[this.#next] as number) + this.#perMs - this.#now();
  }

  #release(): void {
    clearTimeout(this.#timer);
    while (this.#urgent.length + this.#waiting.length > 0) {
      const leftMs = this.#leftMs();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#release(), Math.ceil(leftMs));
        return;
      }
      const ready = this.#urgent.shift() ?? this.#waiting.shift();
      ready?.();
    }
  }
}
