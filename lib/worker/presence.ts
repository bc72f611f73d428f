/** What a worker says of itself and its tasks to those who ask who is there. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { jsonSchemaOf } from '../json-schema.js';
import { MANIFEST } from '../own-files.js';
import { PROTOCOLS } from '../protocols/index.js';
import type { Instance, PresenceAnswer, Question, TaskInfo, TaskStatus } from '../protocols/presence.js';
import type { TaskDefinition } from '../tasks/task.js';
import { deadQueueOf } from '../topology/work-queue.js';
import { sourceOf } from './work-source.js';
import type { WorkerParts } from './worker.js';

export interface TaskQueues {
  /** Empty for a broadcast. */
  readonly queues: readonly string[];
  /** Of jobs and events. */
  readonly deadQueue: string | undefined;
}

/** Where the deliveries of a task wait. */
export function queuesOf(task: TaskDefinition, serviceName: string | undefined): TaskQueues {
  if (task.kind === 'websocket' || task.schedule?.perProcess) return { queues: [], deadQueue: undefined };
  if (task.kind === 'rpc') {
    const { queue } = PROTOCOLS[task.options.protocol ?? 'json'].requestsOf(task.route, task.options);
    return { queues: [queue], deadQueue: undefined };
  }
  const { queue, highQueue } = sourceOf(task, serviceName);
  const queues = [highQueue, queue].filter((each) => each !== undefined);
  return { queues, deadQueue: queue === undefined ? undefined : deadQueueOf(queue) };
}

export function taskInfo(task: TaskDefinition, serviceName: string | undefined): TaskInfo {
  const { route, kind, description, options } = task;
  const queue = queuesOf(task, serviceName).queues.at(-1);
  return { route, kind, protocol: options.protocol ?? 'json', description, queue, body: jsonSchemaOf(options.body) };
}

export class Presence {
  readonly #parts: Pick<WorkerParts, 'registry' | 'settings' | 'runs' | 'health'>;
  readonly #instance: Omit<Instance, 'version'>;

  constructor(parts: Pick<WorkerParts, 'registry' | 'settings' | 'runs' | 'health'>) {
    this.#parts = parts;
    this.#instance = {
      service: parts.settings.serviceName,
      id: randomUUID(),
      host: hostname(),
      pid: process.pid,
      node: process.version,
      startedAt: Date.now(),
    };
  }

  answer(question: Question): PresenceAnswer {
    const { registry, settings, health } = this.#parts;
    const instance = { ...this.#instance, version: ownVersion() };
    if (question === 'ping') return { instance };
    if (question === 'tasks')
      return { instance, tasks: registry.all().map((task) => taskInfo(task, settings.serviceName)) };
    const tasks = registry.all().map((task) => this.#statusOf(task));
    return { instance, status: { health: { ...health() }, rssBytes: process.memoryUsage.rss(), tasks } };
  }

  #statusOf(task: TaskDefinition): TaskStatus {
    const { route, kind } = task;
    const { running = 0, ended = 0, failed = 0 } = this.#parts.runs.counts.get(route) ?? {};
    return { route, kind, ...queuesOf(task, this.#parts.settings.serviceName), running, ended, failed };
  }
}

let version: string | undefined;

/** Read when somebody asks, as a worker starts without. */
function ownVersion(): string {
  version ??= (JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string }).version;
  return version;
}
