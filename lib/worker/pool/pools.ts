/**
 * Where the tasks of a service run: here, or in one of two pools, of threads and of processes.
 *
 * Shape:  `placed(task)` is the task with a handler that runs it where it belongs; body schema, filter, middleware, retries
 *         and the connection stay here. A pool exists once a task needs it.
 * Errors: `INVALID_SETTING` for options that no task can use, `INVALID_TASK` for tasks that the children do not find.
 */
import { BgTasksError } from '../../errors.js';
import type { Settings } from '../../settings/settings.js';
import type { PoolKind } from '../../tasks/pool.js';
import type { Handler, TaskDefinition } from '../../tasks/task.js';
import type { AnyTaskOptions } from '../../tasks/task-options.js';
import type { DeliveryContext } from '../delivery-context.js';
import { Gate } from '../gate.js';
import type { Launch } from './child.js';
import type { Pool } from './pool.js';

/** What children run, and what they load. */
export interface ChildSource {
  readonly entry: URL;
  readonly modules: () => Promise<readonly string[]>;
}

type ChildKind = Exclude<PoolKind, 'inline'>;

interface Open {
  readonly gate: Gate;
  /** Once its children have loaded their modules. */
  pool?: Promise<Pool>;
  /** Before that: what closes while they load must not wait for them. */
  made?: Promise<Pool>;
  running?: Pool;
  routes: readonly string[];
}

/** Of tasks that run here while the others do not: `concurrency` counts for those. */
const INLINE_CONCURRENCY = 100;

/** What is done where the handler is. */
const OF_THE_CHILD: readonly string[] = ['timeoutMs', 'deps'];

export class Pools {
  readonly #settings: Settings;
  readonly #source: ChildSource;
  readonly #open = new Map<ChildKind, Open>();
  readonly #placed = new WeakMap<TaskDefinition, TaskDefinition>();

  constructor(settings: Settings, source: ChildSource) {
    this.#settings = settings;
    this.#source = source;
  }

  /** Calls, jobs and events that have a place in a child. */
  get running(): number {
    return this.#sum(({ gate }) => gate.running);
  }

  get children(): number {
    return this.#sum(({ running }) => running?.size ?? 0);
  }

  get lost(): number {
    return this.#sum(({ running }) => running?.lost ?? 0);
  }

  get gates(): readonly Gate[] {
    return [...this.#open.values()].map(({ gate }) => gate);
  }

  /** The default `concurrency` of a task. */
  limitOf(task: TaskDefinition): number {
    return this.#limit(this.#kindOf(task));
  }

  get inlineLimit(): number {
    return this.#limit('inline');
  }

  /** Of the pool that runs the task; undefined where it runs here. */
  gateOf(task: TaskDefinition): Gate | undefined {
    const kind = this.#kindOf(task);
    return kind === 'inline' ? undefined : this.#openOf(kind).gate;
  }

  placed(task: TaskDefinition): TaskDefinition {
    const kind = this.#kindOf(task);
    if (kind === 'inline') return task;
    const known = this.#placed.get(task);
    if (known) return known;
    const options = Object.fromEntries(Object.entries(task.options).filter(([name]) => !OF_THE_CHILD.includes(name)));
    const handler: Handler<unknown, unknown> = async (body, context) => {
      const pool = await this.#poolOf(kind);
      return pool.run(task, body, context as DeliveryContext);
    };
    const { injected: _injected, ...rest } = task; // those of the class are the child's as well
    const placed = { ...rest, handler, options: options as AnyTaskOptions };
    this.#placed.set(task, placed);
    return placed;
  }

  /** Starts the pools that `tasks` need; rejects where these cannot run in them. */
  async start(tasks: readonly TaskDefinition[]): Promise<void> {
    const kinds = new Set(tasks.map((task) => this.#kindOf(task)));
    if (this.#settings.maxTasksPerChild !== undefined && !kinds.has('process') && !this.#isTest) {
      throw invalidSetting('"maxTasksPerChild" is for processes: set pool to "process", or leave it out.');
    }
    const needed = [...kinds].filter((kind) => kind !== 'inline');
    await Promise.all(needed.map((kind) => this.#poolOf(kind)));
    for (const task of tasks) this.#checkKnown(task);
  }

  async close(graceMs: number): Promise<void> {
    const pools = await Promise.allSettled([...this.#open.values()].map(({ made }) => made));
    await Promise.all(pools.map((each) => each.status === 'fulfilled' && each.value?.close(graceMs)));
  }

  /** A handler that a test gives is known to this process alone. */
  get #isTest(): boolean {
    return this.#settings.environment === 'test';
  }

  #kindOf({ options: { pool } }: TaskDefinition): PoolKind {
    return this.#isTest ? 'inline' : (pool ?? this.#settings.pool);
  }

  #limit(kind: PoolKind): number {
    const { pool, concurrency, workers } = this.#settings;
    if (kind === pool) return concurrency;
    return kind === 'inline' ? INLINE_CONCURRENCY : workers;
  }

  #openOf(kind: ChildKind): Open {
    const found = this.#open.get(kind);
    if (found) return found;
    const open = { gate: new Gate(this.#limit(kind)), routes: [] };
    this.#open.set(kind, open);
    return open;
  }

  #poolOf(kind: ChildKind): Promise<Pool> {
    const open = this.#openOf(kind);
    open.pool ??= this.#start(kind, open).catch((error) => {
      delete open.pool;
      throw error;
    });
    return open.pool;
  }

  async #start(kind: ChildKind, open: Open): Promise<Pool> {
    open.made = this.#make(kind);
    const pool = await open.made;
    open.routes = await pool.start();
    open.running = pool;
    return pool;
  }

  async #make(kind: ChildKind): Promise<Pool> {
    const { workers, maxTasksPerChild, maxMemoryMb, serviceName, urls, json, logger } = this.#settings;
    const { entry, modules } = this.#source;
    // Imported when needed: a worker without pools starts without node:child_process and node:worker_threads.
    const { Pool } = await import('./pool.js');
    return new Pool({
      size: workers,
      share: Math.ceil(this.#limit(kind) / workers),
      json,
      launch: await launchOf(kind, entry, maxMemoryMb),
      modules: await modules(),
      origin: { serviceName, urls },
      maxTasks: kind === 'process' ? maxTasksPerChild : undefined,
      maxMemoryMb,
      log: logger,
    });
  }

  #checkKnown(task: TaskDefinition): void {
    const kind = this.#kindOf(task);
    if (kind === 'inline' || this.#openOf(kind).routes.includes(task.route)) return;
    const message =
      `"${task.route}" (${task.place}) runs in a pool, whose children do not find it in the modules that they load. ` +
      'Name its module in the setting "tasks", or give the task pool: "inline".';
    throw new BgTasksError('INVALID_TASK', message, { route: task.route });
  }

  #sum(of: (open: Open) => number): number {
    return [...this.#open.values()].reduce((sum, open) => sum + of(open), 0);
  }
}

async function launchOf(kind: ChildKind, entry: URL, maxMemoryMb: number | undefined): Promise<Launch> {
  if (kind === 'process') return (await import('./child-process.js')).forkChild(entry);
  return (await import('./child-thread.js')).startThread(entry, maxMemoryMb);
}

function invalidSetting(problem: string): BgTasksError {
  return new BgTasksError('INVALID_SETTING', `Setting ${problem}`, { setting: problem.split('"')[1] });
}
