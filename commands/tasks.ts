/**
 * `bgtasks tasks [paths...]`: loads the task modules and serves what they register, until SIGTERM or SIGINT.
 *
 * Steps: config and modules -> settings of the command line -> table -> start -> signal -> drain. A second signal stops
 *        at once; what was not settled then is delivered again.
 */
import { InvalidArgumentError, Option } from 'commander';
import { loadTasks } from '../lib/loader/load-tasks.js';
import { POOL_KINDS, type PoolKind } from '../lib/tasks/pool.js';
import { type AddCommand, type CommandContext, reporting, wholeNumber } from './command.js';
import { EXIT } from './exit.js';
import { taskTable } from './routes.js';
import { nextSignal, nextSignalOrOrphaned } from './signals.js';

interface TasksFlags {
  readonly url?: string;
  readonly concurrency?: number;
  readonly pool?: PoolKind;
  readonly workers?: number;
  readonly maxTasksPerChild?: number;
  readonly maxMemoryMb?: number;
  readonly greedy?: boolean;
  readonly watch?: boolean;
  readonly withParent?: boolean;
}

export const tasksCommand: AddCommand = (program, context) => {
  program
    .command('tasks')
    .description('serve the tasks of this application')
    .argument('[paths...]', 'task modules: paths or globs (default: tasks.*, **/*.tasks.*, tasks/**)')
    .option('--url <url>', 'where the broker is: amqp://, amqps:// or memory://')
    .option(
      '--concurrency <n>',
      'handlers at once (default: 100; with a pool, its workers)',
      readNumber('--concurrency'),
    )
    .addOption(new Option('--pool <kind>', 'where handlers run (default: inline)').choices(POOL_KINDS))
    .option('--workers <n>', 'children of the pool (default: the cores of the processor)', readNumber('--workers'))
    .option('--max-tasks-per-child <n>', 'a child process ends after so many', readNumber('--max-tasks-per-child'))
    .option('--max-memory-mb <n>', 'a child that takes more is replaced', readNumber('--max-memory-mb'))
    .option('--greedy', 'at the end, finish what was taken from the queues as well')
    .option('--watch', 'restart when a loaded file changes')
    .addOption(new Option('--with-parent', 'end with the process that started this one').hideHelp())
    .action((paths: string[], flags: TasksFlags) =>
      reporting(context, async () =>
        flags.watch ? (await import('./watch.js')).watch(process.argv) : serveTasks(context, paths, flags),
      ),
    );
};

async function serveTasks(context: CommandContext, paths: readonly string[], flags: TasksFlags): Promise<number> {
  const { service, output } = context;
  const files = await loadTasks(service, { paths: paths.length > 0 ? paths : undefined });
  const { watch: _watch, withParent, ...settings } = flags;
  service.configure(settings);
  if (service.tasks.size === 0) {
    const searched = files.length > 0 ? `loaded ${files.join(', ')}` : `searched ${process.cwd()}`;
    output.error(`bgtasks: no task is registered (${searched}). Name the modules: bgtasks tasks src/tasks.ts\n`);
    return EXIT.failed;
  }
  // A connection keeps the process alive, but the memory broker has none.
  const alive = setInterval(() => {}, 2 ** 30);
  const stopped = withParent ? nextSignalOrOrphaned() : nextSignal();
  const start = service.start();
  start.catch(() => {}); // it may fail after a signal has come, when nobody asks any more
  const early = await Promise.race([start, stopped]);
  if (early) return (await service.internals.stop()) ? EXIT.done : EXIT.failed;
  output.out(taskTable(service));
  output.out(
    `\nServing ${service.tasks.size} tasks at ${service.settings.urls.map(brokerName).join(', ')}. Stop with Ctrl-C.\n`,
  );
  const signal = await stopped;
  void nextSignal().then((again) => process.exit(again === 'SIGINT' ? 130 : 143)); // before anybody is told that it can
  output.out(`\n${signal}: finishing what runs. Once more stops at once.\n`);
  clearInterval(alive);
  return (await service.internals.stop()) ? EXIT.done : EXIT.failed;
}

/** Without user and password. */
function brokerName(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function readNumber(name: string): (text: string) => number {
  return (text) => wholeNumber(name, text, (message) => new InvalidArgumentError(message));
}
