/** Where the deliveries of a job, of a listener or of a schedule come from. */
import type { Declaration, ExchangeSpec, Subscription } from '../broker/broker.js';
import { BgTasksError } from '../errors.js';
import { PROTOCOLS } from '../protocols/index.js';
import type { WorkProtocol } from '../protocols/protocol.js';
import type { TaskDefinition } from '../tasks/task.js';
import { type ScheduleTopology, scheduleTopology } from '../topology/schedule.js';
import { highQueueOf } from '../topology/work-queue.js';

/** `queue` is left out for a broadcast: a queue of this process alone. */
export interface WorkSource extends Pick<Subscription, 'queue' | 'declarations' | 'bindings'> {
  /** Of a task with `priorities`. */
  readonly highQueue?: string | undefined;
}

export function workProtocolOf({
  route,
  options: { protocol = 'json' },
}: Pick<TaskDefinition, 'route' | 'options'>): WorkProtocol {
  const { work } = Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : {};
  if (work) return work;
  throw new BgTasksError('INVALID_TASK', `Task "${route}": the protocol "${protocol}" has no jobs and events.`);
}

/** `serviceName`: who listens; a listener needs one. */
export function sourceOf(task: TaskDefinition, serviceName: string | undefined): WorkSource {
  const work = workProtocolOf(task);
  const { route, options, event, schedule } = task;
  if (schedule) return runSource(task, work, serviceName);
  if (!event) return jobSource(route, work, options);
  const exchange = exchangeOf(route, work, event.service);
  if (options.broadcast) {
    return { declarations: [{ exchange }], bindings: [{ exchange: exchange.name, routingKey: event.name }] };
  }
  const queue = listenerQueue(task, serviceName);
  const binding: Declaration = { binding: { from: exchange.name, key: event.name, to: { queue } } };
  return { queue, declarations: [{ exchange }, ...work.queueOf(queue, options), binding] };
}

/** Of a job, also of one that another service serves, as far as its protocol says where that is. */
export function jobSource(route: string, work: WorkProtocol, options: TaskDefinition['options']): WorkSource {
  const queue = work.sharedQueue === undefined ? route : (options.queue ?? work.sharedQueue);
  const highQueue = options.priorities ? highQueueOf(queue) : undefined;
  const own = work.queueOf(queue, options);
  const { jobExchange: exchange } = work;
  if (!exchange) return { queue, highQueue, declarations: own };
  const binding: Declaration = { binding: { from: exchange.name, key: route, to: { queue } } };
  return { queue, highQueue, declarations: [{ exchange }, ...own, binding] };
}

export function exchangeOf(route: string, work: WorkProtocol, service: string): ExchangeSpec {
  if (work.exchangeOf) return work.exchangeOf(service);
  throw new BgTasksError('USAGE', `"${route}": this protocol has jobs, and no events.`, { route });
}

/** The runs of a schedule. All of its exchange and queues, so that whatever is gone comes back together. */
function runSource(task: TaskDefinition, work: WorkProtocol, serviceName: string | undefined): WorkSource {
  const { runQueue, declarations, runBinding } = topologyOf(task, serviceName);
  return { queue: runQueue, declarations: [...declarations, ...work.queueOf(runQueue, task.options), runBinding] };
}

export function topologyOf({ route }: TaskDefinition, serviceName: string | undefined): ScheduleTopology {
  if (serviceName !== undefined) return scheduleTopology(serviceName, route);
  const message = `The schedule "${route}" needs the setting "serviceName": its queues belong to the service.`;
  throw new BgTasksError('INVALID_SETTING', message, { route });
}

/** One per event, listening service and `name`. */
function listenerQueue({ route, event, options }: TaskDefinition, serviceName: string | undefined): string {
  if (serviceName === undefined) {
    const message = `The listener of "${route}" needs the setting "serviceName": its queue belongs to the service.`;
    throw new BgTasksError('INVALID_SETTING', message, { route });
  }
  const { service = '', name = '' } = event ?? {};
  return `${service}.${name}__${serviceName}${options.name ? `.${options.name}` : ''}`;
}
