/** `bgtasks dead list [queues...]`: the queues of dead letters of the registered tasks, and what is in them. */
import type { Command } from 'commander';
import { loadTasks } from '../../lib/loader/load-tasks.js';
import { UNDELIVERABLE } from '../../lib/topology/delay.js';
import { deadQueueOf } from '../../lib/topology/work-queue.js';
import { sourceOf } from '../../lib/worker/work-source.js';
import { type AddCommand, type CommandContext, reporting } from '../command.js';
import { EXIT } from '../exit.js';
import { table } from '../output.js';
import { deadQueueNamed, onBroker } from './queues.js';

interface ListFlags {
  readonly url?: string;
  readonly tasks?: readonly string[];
  readonly json?: boolean;
}

export const addList: AddCommand = (dead: Command, context) => {
  dead
    .command('list')
    .description('count the dead letters of the registered tasks, and of queues that are named')
    .argument('[queues...]', 'further queues')
    .option('--tasks <paths...>', 'task modules: paths or globs')
    .option('--url <url>', 'where the broker is')
    .option('--json', 'as JSON')
    .action((queues: string[], flags: ListFlags) => reporting(context, () => list(context, queues, flags)));
};

async function list({ service, output }: CommandContext, given: readonly string[], flags: ListFlags): Promise<number> {
  await loadTasks(service, { paths: flags.tasks });
  const rows = await onBroker(service, flags.url, async (broker) => {
    const found: { queue: string; messages: number | null }[] = [];
    for (const queue of new Set([...registered(service), ...given.map(deadQueueNamed), UNDELIVERABLE])) {
      found.push({ queue, messages: (await broker.inspect(queue))?.messages ?? null });
    }
    return found;
  });
  const cells = rows.map(({ queue, messages }) => [queue, messages === null ? 'not declared' : String(messages)]);
  output.out(flags.json ? `${JSON.stringify(rows, null, 2)}\n` : table(['QUEUE', 'MESSAGES'], cells));
  return EXIT.done;
}

function registered(service: CommandContext['service']): string[] {
  const tasks = service.internals.registry.all();
  const work = tasks.filter(({ kind, schedule }) => kind !== 'rpc' && !schedule?.perProcess);
  return work.flatMap((task) => {
    const { queue } = sourceOf(task, service.settings.serviceName);
    return queue === undefined ? [] : deadQueueOf(queue);
  });
}
