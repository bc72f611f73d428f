/**
 * What a schedule needs of the broker: one exchange per service, and per schedule a queue of runs and a state queue, both
 * bound to it under one key. So firing a slot is a single publish, which puts the run into the one and the slot that was
 * fired into the other: there is no moment between the two in which a crash could lose or double anything.
 */
import type { Declaration } from '../broker/broker.js';
import { BgTasksError } from '../errors.js';
import { MAX_DELAYED_QUEUE_BYTES } from './delay.js';
import { UNLIMITED_DELIVERIES } from './work-queue.js';

export interface ScheduleTopology {
  readonly exchange: string;
  /** The key of both bindings. */
  readonly key: string;
  readonly stateQueue: string;
  readonly runQueue: string;
  /** Exchange, state queue and its binding; the queue of runs has declarations of its own. */
  readonly declarations: readonly Declaration[];
  /** Once the queue of runs is there. */
  readonly runBinding: Declaration;
}

/** Long enough for a service that is switched off for a quarter; with it, what was fired last is forgotten. */
const STATE_EXPIRES_MS = 90 * 86_400_000;

export function scheduleTopology(service: string, name: string): ScheduleTopology {
  const exchange = `${service}.schedules`;
  const stateQueue = `${service}.schedule.${name}`;
  const runQueue = `${service}.tick.${name}`;
  const bytes = Buffer.byteLength(stateQueue);
  if (bytes > MAX_DELAYED_QUEUE_BYTES) {
    const message = `The schedule "${name}" needs a queue "${stateQueue}" of ${bytes} bytes; at most ${MAX_DELAYED_QUEUE_BYTES} may be. Shorten its name.`;
    throw new BgTasksError('INVALID_TASK', message, { service, name });
  }
  const bindTo = (queue: string): Declaration => ({ binding: { from: exchange, key: name, to: { queue } } });
  const queue = { name: stateQueue, durable: true, arguments: STATE_ARGUMENTS };
  return {
    exchange,
    key: name,
    stateQueue,
    runQueue,
    declarations: [{ exchange: { name: exchange, type: 'direct', durable: true } }, { queue }, bindTo(stateQueue)],
    runBinding: bindTo(runQueue),
  };
}

const STATE_ARGUMENTS = {
  'x-queue-type': 'quorum',
  'x-single-active-consumer': true,
  'x-expires': STATE_EXPIRES_MS,
  // Every restart of the process that holds the state counts as a delivery: RabbitMQ 4 would drop it after 20.
  'x-delivery-limit': UNLIMITED_DELIVERIES,
};
