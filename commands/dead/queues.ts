/** Names of queues as they are given, the broker that has them, and what is in them. */
import type { Broker, Delivery } from '../../lib/broker/broker.js';
import { openBroker } from '../../lib/broker/open.js';
import { BgTasksError } from '../../lib/errors.js';
import { findConfig } from '../../lib/loader/find-modules.js';
import { loadModules } from '../../lib/loader/load-modules.js';
import { readTls } from '../../lib/settings/tls.js';
import { UNDELIVERABLE } from '../../lib/topology/delay.js';
import { deadQueueOf } from '../../lib/topology/work-queue.js';
import type { CommandContext } from '../command.js';

/** Without a delivery for so long, the rest has been taken by somebody else. */
const IDLE_MS = 1000;
/** For so long a connection that was lost may take to come back. */
const AWAY_MS = 30_000;

/** `mail.send` and `mail.send.dead` are the same; the queue of the undeliverable stands for itself. */
export function deadQueueNamed(name: string): string {
  return name === UNDELIVERABLE || name.endsWith(deadQueueOf('')) ? name : deadQueueOf(name);
}

/** The settings of the application hold, as for `bgtasks call`. */
export async function withBroker<T>(
  { service }: CommandContext,
  url: string | undefined,
  work: (broker: Broker) => Promise<T>,
): Promise<T> {
  const config = findConfig(process.cwd());
  if (config) await loadModules([config]);
  return onBroker(service, url, work);
}

export async function onBroker<T>(
  service: CommandContext['service'],
  url: string | undefined,
  work: (broker: Broker) => Promise<T>,
): Promise<T> {
  if (url !== undefined) service.configure({ url });
  const { urls, logger, tls } = service.settings;
  const broker = await openBroker(urls, logger, 'bgtasks dead', tls && readTls(tls));
  try {
    await broker.connect();
    return await work(broker);
  } finally {
    await broker.close();
  }
}

/** How many dead letters there are; an error where there is no such queue. */
export async function countOf(broker: Broker, queue: string): Promise<number> {
  const state = await broker.inspect(queue);
  if (state) return state.messages;
  const message = `There is no queue "${queue}". \`bgtasks dead list\` shows those that there are.`;
  throw new BgTasksError('USAGE', message, { queue });
}

/**
 * Up to `count` messages, unsettled: whatever `each` does not ack goes back when the broker is closed. Not `basic.reject`, as
 * RabbitMQ 4.3 counts it as a failed delivery; and these queues have no limit of deliveries worth the name, as every
 * version counts a lost channel in its own way (`topology/work-queue.ts`).
 *
 * `each` says whether it has settled the message. After a loss of the connection (`onLost`) the others come once more.
 */
export async function eachMessage(
  broker: Broker,
  queue: string,
  { count, prefetch, onLost }: { readonly count: number; readonly prefetch: number; readonly onLost: () => void },
  each: (delivery: Delivery) => Promise<boolean> | boolean,
): Promise<void> {
  if (count === 0) return;
  await new Promise<void>((resolve, reject) => {
    let seen = 0;
    let settled = 0;
    let running = 0;
    let idle = setTimeout(resolve, IDLE_MS);
    const handle = async (delivery: Delivery) => {
      running += 1;
      if (await each(delivery)) settled += 1;
      running -= 1;
      clearTimeout(idle);
      if (running > 0) return;
      if (seen >= count) resolve();
      else idle = setTimeout(resolve, IDLE_MS);
    };
    const onDelivery = (delivery: Delivery) => {
      clearTimeout(idle);
      seen += 1;
      if (seen <= count) handle(delivery).catch(reject);
    };
    const onAway = () => {
      clearTimeout(idle);
      idle = setTimeout(resolve, AWAY_MS);
      seen = settled;
      onLost();
    };
    const onConsumed = () => {
      clearTimeout(idle);
      idle = setTimeout(resolve, IDLE_MS);
    };
    broker.consume({ queue, prefetch, onDelivery, onLost: onAway, onConsumed }).catch(reject);
  });
}
