/**
 * Children of one kind: each call goes to the one with the least to do, and one that ends is replaced.
 *
 * Shape:  `start` resolves once all have loaded their modules; `run` resolves with the answer. What finds no room waits.
 * Bounds: `size` children, `share` handlers at once in each. Children that end before they are ready are started again
 *         after a pause that grows to 30 s.
 * Errors: `CHILD_LOST`, `TASK_TIMEOUT`, and what the handler throws. `start` rejects with the reason of the first child.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, ServiceStoppingError } from '../../errors.js';
import type { JsonNumbers } from '../../protocols/json-numbers.js';
import type { TaskDefinition } from '../../tasks/task.js';
import type { DeliveryContext } from '../delivery-context.js';
import { Member, type MemberOptions } from './member.js';
import { Run } from './run.js';

const RESTART = { baseMs: 500, maxMs: 30_000 };

export interface PoolOptions extends Omit<MemberOptions, 'onChange'> {
  readonly size: number;
  readonly share: number;
  /** How answers are written. */
  readonly json: JsonNumbers | undefined;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #members = new Set<Member>();
  readonly #waiting = new Set<Run>();
  readonly #closing = new AbortController();
  #lost = 0;
  #failures = 0;
  #isStarted = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Children that live. */
  get size(): number {
    return this.#members.size;
  }

  /** Children that ended unasked or were killed, so far. */
  get lost(): number {
    return this.#lost;
  }

  /** The routes that the children know. */
  async start(): Promise<readonly string[]> {
    try {
      const members = Array.from({ length: this.#options.size }, () => this.#add());
      const [routes = []] = await Promise.all(members.map((member) => member.ready));
      this.#isStarted = true;
      return routes;
    } catch (error) {
      if (this.#closing.signal.aborted) throw new ServiceStoppingError('it was not started');
      await this.close(0);
      throw error;
    }
  }

  run(task: TaskDefinition, body: unknown, context: DeliveryContext): Promise<unknown> {
    const run = new Run(task, body, context, this.#options.json);
    this.#waiting.add(run);
    this.#dispatch();
    if (this.#waiting.has(run)) this.#endWaitOnAbort(run);
    return run.answer;
  }

  /** What runs may end within `graceMs`; the rest, and what waits, is never settled. */
  async close(graceMs: number): Promise<void> {
    this.#closing.abort();
    for (const run of this.#waiting) run.abandon();
    this.#waiting.clear();
    await Promise.all([...this.#members].map((member) => member.stop(graceMs)));
  }

  #endWaitOnAbort(run: Run): void {
    const { signal } = run.context;
    const onAbort = () => {
      if (this.#waiting.delete(run)) run.fail(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  }

  #add(): Member {
    const member = new Member({ ...this.#options, onChange: (changed) => this.#onChange(changed) });
    this.#members.add(member);
    return member;
  }

  #onChange(member: Member): void {
    if (member.hasEnded && this.#members.delete(member)) {
      if (member.isLost) this.#lost += 1;
      if (this.#isStarted && !this.#closing.signal.aborted) void this.#replace(member);
    }
    if (member.isReady) this.#failures = 0;
    this.#dispatch();
  }

  async #replace({ isReady, ready }: Member): Promise<void> {
    if (!isReady) await this.#pauseAfter(await ready.catch(messageOf));
    while (!this.#closing.signal.aborted) {
      try {
        this.#add();
        return;
      } catch (error) {
        await this.#pauseAfter(messageOf(error)); // the system has no room for another process or thread
      }
    }
  }

  async #pauseAfter(reason: unknown): Promise<void> {
    const pauseMs = Math.min(RESTART.baseMs * 2 ** this.#failures, RESTART.maxMs);
    this.#failures += 1;
    this.#options.log.error({ reason, pauseMs }, 'child of the pool could not start: tried again');
    await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  #dispatch(): void {
    for (const run of this.#waiting) {
      const member = this.#freest();
      if (!member) return;
      this.#waiting.delete(run);
      member.start(run);
    }
  }

  #freest(): Member | undefined {
    let freest: Member | undefined;
    for (const member of this.#members) {
      if (!member.isOpen || member.running >= this.#options.share) continue;
      if (!freest || member.running < freest.running) freest = member;
    }
    return freest;
  }
}
