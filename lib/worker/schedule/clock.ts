/** The time, and being woken later. Tests have one of their own. */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `wake` once, after `ms`; gives a function that forgets it. */
  after(ms: number, wake: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
};

/** Timers know nothing of a wall clock that is set: it is read again so soon that no slot is missed by it (`GRACE_MS`). */
export const MAX_SLEEP_MS = 2000;
