/**
 * The way of the jobs of one task to their handler: room in the task, then its rate, then room in the process.
 *
 * Why the rate is asked twice: what waits for it must not take room from other tasks, and what has waited for room may
 * find it used up.
 */
import type { RateLimitOptions } from '../tasks/job.js';
import { MAX_RATE_PER_MS } from '../tasks/task-options.js';
import { Gate } from './gate.js';
import { RateLimit } from './rate-limit.js';

export class Lane {
  readonly #own: Gate;
  readonly #rate: RateLimit | undefined;
  readonly #shared: Gate;

  constructor(shared: Gate, concurrency: number, rateLimit: RateLimitOptions | undefined) {
    this.#shared = shared;
    this.#own = new Gate(concurrency);
    this.#rate = rateLimit && new RateLimit(rateLimit);
  }

  /** Calls `start` when it may run. Each start is followed by one `leave`. */
  enter(start: () => void, isUrgent: boolean): void {
    this.#own.enter(() => this.#pass(start, isUrgent), isUrgent);
  }

  leave(): void {
    this.#shared.leave();
    this.#own.leave();
  }

  /** Lets everything in: what waits is only given back. */
  open(): void {
    this.#rate?.open();
    this.#own.open();
  }

  #pass(start: () => void, isUrgent: boolean): void {
    const rate = this.#rate;
    if (!rate) {
      this.#shared.enter(start, isUrgent);
      return;
    }
    const startInTime = () => {
      if (rate.take()) {
        start();
      } else {
        this.#shared.leave();
        this.#pass(start, isUrgent);
      }
    };
    rate.wait(() => this.#shared.enter(startInTime, isUrgent), isUrgent);
  }
}

/**
 * How many deliveries a worker holds at once. A tenth more than it runs hides the way to the broker for short jobs, while
 * a task with a low concurrency takes nothing that another worker could run. No delivery waits for its rate for longer
 * than ten minutes: after 30, RabbitMQ takes the channel away.
 */
export function prefetchOf(concurrency: number, rateLimit: RateLimitOptions | undefined): number {
  const most = concurrency + Math.floor(concurrency / 10);
  if (!rateLimit) return most;
  return Math.min(most, Math.floor((rateLimit.max * MAX_RATE_PER_MS) / rateLimit.perMs));
}
