/**
 * Calls without pause, each of which must settle: with its own answer, or with an error that says that the service cannot
 * be had. An id is entered as published when its answer came, so `ledger.lost()` are answers without an effect.
 *
 * Shape: `start`, then faults, then `stop`, which waits for the calls that are out and says what became of all.
 */
import { type Service, ServiceUnavailableError } from 'bgtasks';
import type { Ledger } from '../support/ledger.js';
import { pause } from '../support/until.js';

interface LoadOptions {
  readonly route: string;
  readonly ledger: Ledger;
  /** Calls at once. Default: 20. */
  readonly width?: number;
  /** Default: 3,000. */
  readonly timeoutMs?: number;
}

export class Load {
  answered = 0;
  /** How often each error came, by code. */
  readonly refused = new Map<string, number>();
  /** What no call may end with. */
  readonly wrong: unknown[] = [];
  readonly #service: Service;
  readonly #options: LoadOptions;
  readonly #callers: Promise<void>[];
  #isStopping = false;
  #lastId = 0;

  constructor(service: Service, options: LoadOptions) {
    this.#service = service;
    this.#options = options;
    this.#callers = Array.from({ length: options.width ?? 20 }, () => this.#keepCalling());
  }

  get calls(): number {
    return this.#lastId;
  }

  /** For `autoClose`: a test that fails must not leave callers behind. */
  async close(): Promise<void> {
    await this.stop();
  }

  /** Resolves once every call has settled. */
  async stop(): Promise<this> {
    this.#isStopping = true;
    await Promise.all(this.#callers);
    return this;
  }

  async #keepCalling(): Promise<void> {
    while (!this.#isStopping) {
      this.#lastId += 1;
      if (!(await this.#isAnswered(this.#lastId))) await pause(20);
    }
  }

  async #isAnswered(id: number): Promise<boolean> {
    const { route, ledger, timeoutMs = 3000 } = this.#options;
    try {
      const answer = (await this.#service.call(route, { id }, { timeoutMs })) as { id: number };
      if (answer.id !== id) this.wrong.push({ asked: id, answer });
      ledger.published(id);
      this.answered += 1;
      return true;
    } catch (error) {
      if (!(error instanceof ServiceUnavailableError)) this.wrong.push(error);
      else this.refused.set(error.code, (this.refused.get(error.code) ?? 0) + 1);
      return false;
    }
  }
}
