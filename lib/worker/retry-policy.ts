/** Whether a failed run is followed by another, and when. The same for jobs, events and schedules. */
import { BgTasksError, UnrecoverableError } from '../errors.js';
import { DEFAULT_BACKOFF, delayAfter } from '../tasks/backoff.js';
import type { TaskDefinition } from '../tasks/task.js';
import { ValidationError } from '../validation-error.js';

const DEFAULT_ATTEMPTS = { job: 5, event: 1, schedule: 1 } as const;

/** What no further run can mend: the body stays as it is. */
const UNREADABLE: readonly string[] = ['BAD_BODY', 'BODY_TOO_LARGE'];

export class RetryPolicy {
  readonly attempts: number;
  readonly #task: TaskDefinition;

  constructor(task: TaskDefinition) {
    this.#task = task;
    this.attempts = task.options.attempts ?? DEFAULT_ATTEMPTS[task.kind as keyof typeof DEFAULT_ATTEMPTS];
  }

  /** The wait in milliseconds before the next run, or undefined where this was the last. */
  delayAfter(attempt: number, error: unknown): number | undefined {
    if (attempt >= this.attempts || !this.#isRetried(error)) return undefined;
    return delayAfter(this.#backoff, attempt, error);
  }

  get #backoff() {
    return this.#task.options.backoff ?? DEFAULT_BACKOFF;
  }

  #isRetried(error: unknown): boolean {
    if (error instanceof UnrecoverableError || error instanceof ValidationError) return false;
    if (error instanceof BgTasksError && UNREADABLE.includes(error.code)) return false;
    const { retryOn } = this.#task.options;
    if (retryOn === undefined) return true;
    if (!Array.isArray(retryOn)) return (retryOn as (error: unknown) => boolean)(error);
    return retryOn.some((type) => error instanceof type);
  }
}
