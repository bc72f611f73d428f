/**
 * A worker beside an API: `npx bgtasks tasks` as a child process of it.
 *
 * Shape:  it is started again when it ends unasked, after a pause that grows, and ends with the API: on `close()`, on the
 *         end of the process, and on its crash, as the child sees the channel between them close.
 *         On `memory://`, which no two processes share, the tasks are served in this one.
 */
import type { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadTasks } from '../loader/load-tasks.js';
import { COMMAND } from '../own-files.js';
import { childHost } from '../pool-child/child-host.js';
import { service as defaultService } from './default-service.js';
import type { Service } from './service.js';

const BIN = fileURLToPath(COMMAND);
const RESTART = { baseMs: 500, maxMs: 30_000 };
/** A worker that ran so long was well: the next pause is short again. */
const WELL_MS = 60_000;

export interface SpawnOptions {
  /** Task modules: paths or globs. Default: those that `npx bgtasks tasks` finds. */
  readonly paths?: readonly string[];
  /** Further arguments of the command: `['--concurrency', '10']`. */
  readonly args?: readonly string[];
  /** Added to the environment of the worker. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory of the worker. Default: that of this process. */
  readonly cwd?: string;
  /** Whose settings say where the broker is, and whose logger is told. Default: the default service. */
  readonly service?: Service;
}

export interface SpawnedTasks extends AsyncDisposable {
  /** Of the worker that runs now; undefined between two, and on `memory://`. */
  readonly pid: number | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** Ends the worker, once what runs is finished. Closing twice is harmless. */
  close(): Promise<void>;
}

/** Starts the worker of this application. Resolves once the process is there; its output goes where that of this one goes. */
export async function spawnTasks(options: SpawnOptions = {}): Promise<SpawnedTasks> {
  const { service = defaultService } = options;
  if (childHost()) return NOTHING;
  if (service.internals.peek().url.startsWith('memory:')) return serveHere(service, options);
  // Imported when needed: most programs that import 'bgtasks' start no process.
  return new Spawned((await import('node:child_process')).spawn, service, options);
}

/** In a child of a pool, which loads the program of its parent: the parent has spawned the worker. */
const NOTHING: SpawnedTasks = {
  pid: undefined,
  restarts: 0,
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

async function serveHere(service: Service, { paths, cwd }: SpawnOptions): Promise<SpawnedTasks> {
  await loadTasks(service, { paths, cwd });
  await service.start();
  const close = () => service.close();
  return { pid: undefined, restarts: 0, close, [Symbol.asyncDispose]: close };
}

class Spawned implements SpawnedTasks {
  readonly #spawn: typeof spawn;
  readonly #service: Service;
  readonly #options: SpawnOptions;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  #child: ChildProcess | undefined;
  restarts = 0;

  constructor(start: typeof spawn, service: Service, options: SpawnOptions) {
    this.#spawn = start;
    this.#service = service;
    this.#options = options;
    this.#ended = this.#keepRunning();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#child?.ref();
    this.#child?.kill('SIGTERM');
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; this.restarts += 1) {
      const startedAt = performance.now();
      const code = await this.#run();
      if (signal.aborted) return;
      failures = performance.now() - startedAt > WELL_MS ? 0 : failures + 1;
      const pauseMs = Math.min(RESTART.baseMs * 2 ** (failures - 1), RESTART.maxMs);
      const { logger } = this.#service.internals.peek();
      logger.error({ exit: code, restarts: this.restarts, pauseMs }, 'worker ended: it is started again');
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Until it ends; its exit code or signal. */
  async #run(): Promise<number | string> {
    const { paths = [], args = [], env = {}, cwd = process.cwd() } = this.#options;
    const child = this.#spawn(process.execPath, [BIN, 'tasks', '--with-parent', ...args, ...paths], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true, // Ctrl-C reaches a whole group: the worker is told by this process, once
    });
    this.#child = child;
    child.unref(); // it must not keep the API
    child.channel?.unref();
    if (this.#closing.signal.aborted) child.kill('SIGTERM');
    try {
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
      return code ?? signal ?? 0;
    } catch (error) {
      return String(error); // it could not be started
    } finally {
      this.#child = undefined;
    }
  }
}
