/**
 * A worker of the library's own, as `bgtasks tasks` runs it: a process that a test kills as the kernel would.
 *
 * Shape:  `startWorker(module)` resolves once the worker consumes. `module` is the compiled URL of a task module, which
 *         reads what it needs (a route, the path of a ledger) from the environment.
 * Errors: rejects with the worker's output where it ends before it consumes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../commands/bin.js', import.meta.url));
const END_WITH_PARENT = new URL('./end-with-parent.js', import.meta.url).href;
const IS_CONSUMING = /^Serving \d+ tasks/m;

export class WorkerProcess {
  /** Both streams, as they came. */
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(module: URL, environment: Readonly<Record<string, string>>) {
    const args = ['--import', END_WITH_PARENT, BIN, 'tasks', fileURLToPath(module)];
    const env = { ...process.env, BGTASKS_ENVIRONMENT: '', ...environment };
    this.#child = spawn(process.execPath, args, { env, stdio: 'pipe' });
    this.#ended = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (text) => (this.output += text));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves once every task is consumed. */
  async consumes(): Promise<void> {
    const ended = this.#ended.then(() => 'ended');
    while (!IS_CONSUMING.test(this.output)) {
      const seen = await Promise.race([ended, once(this.#child.stdout as NodeJS.ReadableStream, 'data')]);
      if (seen === 'ended') throw new Error(`The worker ended before it consumed:\n${this.output}`);
    }
  }

  /** At once, as the kernel does for want of memory: nothing of the process runs any more. Returns when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** As an orchestrator does: the worker drains. Returns its exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    await this.#ended;
    return this.#child.exitCode;
  }

  async close(): Promise<void> {
    if (!this.hasEnded) await this.kill();
  }
}

/** The caller closes it: `autoClose(await startWorker(...))`. */
export async function startWorker(
  module: URL,
  environment: Readonly<Record<string, string>> = {},
): Promise<WorkerProcess> {
  const worker = new WorkerProcess(module, environment);
  await worker.consumes();
  return worker;
}
