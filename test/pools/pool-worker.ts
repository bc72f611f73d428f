/** `bgtasks tasks` with a pool, as a process; its tasks are those of `tasks/tasks.ts`. */
import { fileURLToPath } from 'node:url';
import { Service } from 'bgtasks';
import { silentLogger } from '../../lib/logger.js';
import { Application, type Running } from '../commands/application.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { Ledger } from '../support/ledger.js';
import { rabbitUrl } from '../support/rabbitmq.js';

const TASKS = fileURLToPath(new URL('./tasks/tasks.js', import.meta.url));

export interface Place {
  readonly pid: number;
  readonly threadId: number;
}

export class PoolWorker {
  readonly route = unique('pool');
  readonly ledger = autoClose(new Ledger());
  readonly api = autoClose(new Service({ url: rabbitUrl(), logger: silentLogger }));
  readonly #app = autoClose(new Application({}));
  running!: Running;

  async start(args: readonly string[], query = ''): Promise<this> {
    this.running = this.#app.start(['tasks', TASKS, ...args], {
      BGTASKS_URL: `${rabbitUrl()}${query}`,
      BGTASKS_TEST_ROUTE: this.route,
      BGTASKS_TEST_LEDGER: this.ledger.path,
    });
    await this.running.says('Serving');
    return this;
  }

  call<A = Place>(task: string, body: unknown = null, options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
    return this.api.call(`${this.route}.${task}`, body, { timeoutMs: 20_000, ...options }) as Promise<A>;
  }

  enqueue(task: string, body: unknown = null) {
    return this.api.enqueue(`${this.route}.${task}`, body);
  }

  /** As an orchestrator does; its exit code. */
  async stop(): Promise<number | null> {
    this.running.kill('SIGTERM');
    return (await this.running.finished).code;
  }
}

export function startPool(...args: readonly string[]): Promise<PoolWorker> {
  return new PoolWorker().start(args);
}
