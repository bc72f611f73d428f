/** `bgtasks routes [paths...]`: what the modules register, without serving it; with `--remote`, what running services serve. */
import { relative } from 'node:path';
import { loadTasks } from '../lib/loader/load-tasks.js';
import type { Service } from '../lib/service/service.js';
import type { TaskDefinition } from '../lib/tasks/task.js';
import { type AddCommand, type CommandContext, reporting } from './command.js';
import { EXIT } from './exit.js';
import { table } from './output.js';
import { asking, type RemoteFlags, withRemoteOptions } from './remote.js';
import { showRemoteRoutes } from './remote-routes.js';

interface RoutesFlags extends RemoteFlags {
  readonly remote?: boolean;
}

export const routesCommand: AddCommand = (program, context) => {
  const command = program
    .command('routes')
    .description('list the tasks that the modules register, or that running services serve')
    .argument('[paths...]', 'task modules: paths or globs')
    .option('--remote', 'ask the running services');
  withRemoteOptions(command).action((paths: string[], flags: RoutesFlags) =>
    reporting(context, () =>
      flags.remote
        ? asking(context, flags, (client) => showRemoteRoutes(context, client, flags))
        : showRoutes(context, paths, flags),
    ),
  );
};

async function showRoutes(
  { service, output }: CommandContext,
  paths: readonly string[],
  { json = false }: RoutesFlags,
): Promise<number> {
  await loadTasks(service, { paths: paths.length > 0 ? paths : undefined });
  const tasks = service.internals.registry.all();
  output.out(json ? `${JSON.stringify(tasks.map(facts), null, 2)}\n` : taskTable(service));
  return EXIT.done;
}

/** The table of what a service serves. */
export function taskTable(service: Service): string {
  const tasks = service.internals.registry.all();
  const rows = tasks.map((task) => {
    const { route, kind, protocol, place, description } = facts(task);
    return [route, kind, protocol, place, description ?? ''];
  });
  return table(['ROUTE', 'KIND', 'PROTOCOL', 'REGISTERED AT', 'DESCRIPTION'], rows);
}

function facts({ route, kind, options, place, description }: TaskDefinition) {
  return { route, kind, protocol: options.protocol ?? 'json', place: shortened(place), description };
}

function shortened(place: string): string {
  const path = place.startsWith('/') ? relative(process.cwd(), place) : place;
  return path.startsWith('..') ? place : path;
}
