/** Where the jobs of a route go, as far as this process knows: its task, and the options of who enqueues. */
import type { Declaration } from '../broker/broker.js';
import type { JobTarget } from '../clients/work-client.js';
import { jsonWork } from '../protocols/json-work.js';
import type { WorkProtocol } from '../protocols/protocol.js';
import type { EnqueueOptions } from '../tasks/job.js';
import type { Registry } from '../tasks/registry.js';
import type { TaskDefinition } from '../tasks/task.js';
import { jobSource, sourceOf, workProtocolOf } from '../worker/work-source.js';

export class JobTargets {
  readonly #registry: Registry;
  readonly #serviceName: string | undefined;
  /** One for all jobs of a task: its declarations are then known by themselves, not by what they say. */
  readonly #known = new WeakMap<TaskDefinition, JobTarget>();

  constructor(registry: Registry, serviceName: string | undefined) {
    this.#registry = registry;
    this.#serviceName = serviceName;
  }

  of(route: string, { protocol, queue }: EnqueueOptions = {}): JobTarget {
    const task = this.#registry.get(route);
    if (protocol !== undefined || queue !== undefined) return this.#made(route, task, protocol, queue);
    if (!task) return plain(route);
    const known = this.#known.get(task) ?? this.#made(route, task);
    this.#known.set(task, known);
    return known;
  }

  #made(
    route: string,
    task: TaskDefinition | undefined,
    protocol?: EnqueueOptions['protocol'],
    queue?: string,
  ): JobTarget {
    const options = { ...task?.options, ...(protocol && { protocol }), ...(queue && { queue }) };
    const work = workProtocolOf({ route, options });
    const source = task && task.kind !== 'job' ? sourceOf(task, this.#serviceName) : jobSource(route, work, options);
    const declarations = task || work.sharedQueue !== undefined ? source.declarations : exchangeAlone(work);
    const { maxPriority, priorities = false } = task?.options ?? {};
    const known = { maxPriority, priorities: task && priorities };
    return { route, queue: source.queue ?? route, work, declarations: declarations ?? [], ...known };
  }
}

/** Of a job that others serve: its queue is theirs to declare. */
function exchangeAlone({ jobExchange: exchange }: WorkProtocol): readonly Declaration[] {
  return exchange ? [{ exchange }] : NOTHING;
}

const NOTHING: readonly Declaration[] = [];

/** Of a job that others serve by the default protocol. */
function plain(route: string): JobTarget {
  return { route, queue: route, work: jsonWork, declarations: NOTHING, maxPriority: undefined, priorities: undefined };
}
