/** `bgtasks dead purge <queue>`: drops dead letters, after a question. */
import { createInterface } from 'node:readline/promises';
import { type AddCommand, reporting } from '../command.js';
import { EXIT } from '../exit.js';
import { countOf, deadQueueNamed, withBroker } from './queues.js';

interface PurgeFlags {
  readonly url?: string;
  readonly yes?: boolean;
}

export const addPurge: AddCommand = (dead, context) => {
  dead
    .command('purge')
    .description('drop all dead letters of a queue')
    .argument('<queue>', 'the queue of a job, of a listener or of a schedule, or that of its dead letters')
    .option('--yes', 'do not ask')
    .option('--url <url>', 'where the broker is')
    .action((name: string, { url, yes = false }: PurgeFlags) =>
      reporting(context, () =>
        withBroker(context, url, async (broker) => {
          const { output } = context;
          const queue = deadQueueNamed(name);
          const count = await countOf(broker, queue);
          if (!yes && !process.stdin.isTTY) {
            output.error('bgtasks: without a terminal to ask at, `dead purge` needs --yes.\n');
            return EXIT.usage;
          }
          if (!yes && !(await isWanted(`Drop ${count} dead letters of "${queue}"? [y/N] `))) {
            output.out('Nothing was dropped.\n');
            return EXIT.failed;
          }
          output.out(`${await broker.purgeQueue(queue)} dead letters were dropped.\n`);
          return EXIT.done;
        }),
      ),
    );
};

async function isWanted(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(question);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
