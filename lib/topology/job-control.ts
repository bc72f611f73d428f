/**
 * Commands about jobs, by route: who cancels one does not know which service serves it, so each service binds a stream of
 * its own to one exchange, for each of its jobs. A stream keeps what it has, so workers that start later read it too.
 */
import type { Declaration, ExchangeSpec, QueueSpec } from '../broker/broker.js';

export const CANCEL_EXCHANGE: ExchangeSpec = { name: 'bgtasks.v1.cancel', type: 'direct', durable: true };

const DAYS = 7;
/** How long a command counts. */
export const MAX_COMMAND_AGE_MS = DAYS * 86_400_000;

/** Services without a name share one. */
export function controlQueue(serviceName = 'bgtasks.v1'): QueueSpec {
  return {
    name: `${serviceName}.control`,
    durable: true,
    arguments: { 'x-queue-type': 'stream', 'x-max-age': `${DAYS}D`, 'x-stream-max-segment-size-bytes': 1_000_000 },
  };
}

export function controlDeclarations(route: string, serviceName: string | undefined): readonly Declaration[] {
  const queue = controlQueue(serviceName);
  return [
    { exchange: CANCEL_EXCHANGE },
    { queue },
    { binding: { from: CANCEL_EXCHANGE.name, key: route, to: { queue: queue.name } } },
  ];
}
