/** A clock that a test sets: `advance` moves it with its timers, `set` is someone who changes the time of the machine. */
import type { Clock } from '../../lib/worker/schedule/clock.js';
import { pause } from './until.js';

export class FakeClock implements Clock {
  #now: number;
  /** Timers are monotonic: they do not see that the clock was set. */
  #elapsed = 0;
  readonly #timers = new Set<{ readonly at: number; readonly wake: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#elapsed + ms, wake };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  set(now: number): void {
    this.#now = now;
  }

  /** In small steps, each with a little real time for what the timers lead to. */
  async advance(ms: number, stepMs = 100): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.#elapsed += stepMs;
      this.#now += stepMs;
      for (const timer of [...this.#timers]) {
        if (timer.at <= this.#elapsed && this.#timers.delete(timer)) timer.wake();
      }
      await pause(1);
    }
  }
}
