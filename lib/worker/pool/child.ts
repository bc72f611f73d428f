/** A child of a pool, be it a process or a thread: the pool knows no difference. */
import type { FromChild, ToChild } from './messages.js';

export interface Child {
  /** `process 4711`, `thread 3`: for logs and errors. */
  readonly name: string;
  /** Throws where the message cannot be cloned: it holds a function, for one. */
  send(message: ToChild): void;
  /** At once, whatever it does. */
  kill(): void;
}

export interface ChildEvents {
  onMessage(message: FromChild): void;
  /** Once, after the last message; `how` it ended, for a sentence: `SIGKILL`, `exit code 1`. */
  onEnd(how: string): void;
}

export type Launch = (events: ChildEvents) => Child;
