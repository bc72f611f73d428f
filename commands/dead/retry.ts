/**
 * `bgtasks dead retry <queue>`: dead letters go back to where they came from, as new ones.
 *
 * Shape:  published, confirmed, then acked: a retry that is cut off doubles at most what it had under way, and loses
 *         nothing; where it goes on by itself, it says so. What was in the queue at the start is retried, so it ends although letters may come back meanwhile.
 */
import { InvalidArgumentError } from 'commander';
import type { Broker, Delivery, OutgoingMessage } from '../../lib/broker/broker.js';
import { messageOf } from '../../lib/errors.js';
import { withoutFailure } from '../../lib/protocols/failure.js';
import { jsonWork } from '../../lib/protocols/json-work.js';
import { destinationOf, UNDELIVERABLE } from '../../lib/topology/delay.js';
import { deadQueueOf } from '../../lib/topology/work-queue.js';
import { type AddCommand, type CommandContext, oneLine, reporting, wholeNumber } from '../command.js';
import { EXIT } from '../exit.js';
import { progress } from '../progress.js';
import { countOf, deadQueueNamed, eachMessage, withBroker } from './queues.js';

/** Under way at once. So many failures end the retry: they are still unsettled, and nothing more would come. */
const PREFETCH = 100;

interface RetryFlags {
  readonly url?: string;
  readonly limit?: number;
}

export const addRetry: AddCommand = (dead, context) => {
  dead
    .command('retry')
    .description('publish dead letters to the queue that they came from, with all their attempts before them')
    .argument('<queue>', 'the queue of a job, of a listener or of a schedule, or that of its dead letters')
    .option('--limit <n>', 'at most so many', readLimit)
    .option('--url <url>', 'where the broker is')
    .action((name: string, { url, limit }: RetryFlags) =>
      reporting(context, () =>
        withBroker(context, url, (broker) => retry(context, broker, deadQueueNamed(name), limit)),
      ),
    );
};

async function retry({ output }: CommandContext, broker: Broker, queue: string, limit = Infinity): Promise<number> {
  const count = Math.min(limit, await countOf(broker, queue));
  const bar = progress(output, count);
  const failures: string[] = [];
  let losses = 0;
  const onLost = () => {
    losses += 1;
  };
  await eachMessage(broker, queue, { count, prefetch: PREFETCH, onLost }, async (delivery) => {
    try {
      await broker.publish(again(queue, delivery));
    } catch (error) {
      if (delivery.isOpen) failures.push(oneLine(messageOf(error)));
      return false;
    }
    if (!delivery.isOpen) return false; // it comes again, and counts then
    delivery.ack();
    bar.step();
    return true;
  });
  bar.end();
  output.out(`${bar.done} of ${count} dead letters were published again.\n`);
  if (losses > 0) output.error(doubtAfter(losses, count, queue));
  if (failures.length === 0) return EXIT.done;
  output.error(`bgtasks: ${failures.length} stay in "${queue}". ${[...new Set(failures)].slice(0, 5).join(' ')}\n`);
  return EXIT.failed;
}

/** What was under way when the connection was lost comes again, whether its publish or its ack had arrived or not. */
function doubtAfter(losses: number, count: number, queue: string): string {
  const most = Math.min(count, losses * PREFETCH);
  return `bgtasks: The connection was lost meanwhile: up to ${most} of them may come twice, and as many be left in "${queue}".\n`;
}

/** Its first attempt once more, without what the broker and the library have written about the failure. */
function again(queue: string, delivery: Delivery): OutgoingMessage {
  const message = jsonWork.again(delivery, 1, withoutFailure(delivery.properties.headers));
  return { ...message, exchange: '', routingKey: originOf(queue, delivery) };
}

function originOf(queue: string, { routingKey }: Delivery): string {
  if (queue !== UNDELIVERABLE) return queue.slice(0, -deadQueueOf('').length);
  const destination = destinationOf(routingKey);
  if (destination === undefined) throw new Error(`The routing key "${routingKey}" names no queue.`);
  return destination;
}

function readLimit(value: string): number {
  return wholeNumber('--limit', value, (message) => new InvalidArgumentError(message));
}
