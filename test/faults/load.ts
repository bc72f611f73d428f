/**
 * Calls or jobs without pause, each of which must settle: well, or with an error that says that the service cannot be
 * had. An id is entered as published when its answer or its confirm came, so `ledger.lost()` are promises broken.
 *
 * Shape: made, then faults, then `stop`, which waits for what is out; `answered`, `refused`, `wrong` say what became of all.
 */
import { type Service, ServiceUnavailableError } from 'bgtasks';
import { autoClose } from '../support/auto-close.js';
import type { Ledger } from '../support/ledger.js';
import { pause } from '../support/until.js';

/** At once. */
const WIDTH = 20;

export class Load {
  answered = 0;
  /** How often each error came, by code. */
  readonly refused = new Map<string, number>();
  /** What nothing may end with. */
  readonly wrong: unknown[] = [];
  readonly #send: (id: number) => Promise<void>;
  readonly #ledger: Ledger;
  readonly #senders: Promise<void>[];
  #isStopping = false;
  #lastId = 0;

  /** `send` resolves once the message with this id is safe. */
  constructor(ledger: Ledger, send: (id: number) => Promise<void>) {
    this.#ledger = ledger;
    this.#send = send;
    this.#senders = Array.from({ length: WIDTH }, () => this.#keepSending());
  }

  /** Resolves once so many more are answered. */
  async goesOn(count = 100): Promise<void> {
    const goal = this.answered + count;
    while (this.answered < goal) await pause(5);
  }

  /** Resolves once everything has settled. */
  async stop(): Promise<this> {
    this.#isStopping = true;
    await Promise.all(this.#senders);
    return this;
  }

  /** For `autoClose`: a test that fails must not leave senders behind. */
  async close(): Promise<void> {
    await this.stop();
  }

  async #keepSending(): Promise<void> {
    while (!this.#isStopping) {
      this.#lastId += 1;
      if (!(await this.#isSent(this.#lastId))) await pause(20);
    }
  }

  async #isSent(id: number): Promise<boolean> {
    try {
      await this.#send(id);
      this.#ledger.published(id);
      this.answered += 1;
      return true;
    } catch (error) {
      if (!(error instanceof ServiceUnavailableError)) this.wrong.push(error);
      else this.refused.set(error.code, (this.refused.get(error.code) ?? 0) + 1);
      return false;
    }
  }
}

/** Calls of a route whose handler answers `{ id }` with the id of its body. */
export function loadOfCalls(service: Service, { route, ledger }: { route: string; ledger: Ledger }): Load {
  const call = async (id: number) => {
    const answer = (await service.call(route, { id }, { timeoutMs: 3000 })) as { id: number };
    if (answer.id !== id) throw new Error(`Asked with ${id}, answered with ${JSON.stringify(answer)}.`);
  };
  return autoClose(new Load(ledger, call));
}
