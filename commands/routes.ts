/** `bgtasks routes [paths...]`: what the modules register, without serving it. */
import { relative } from 'node:path';
import { loadTasks } from '../lib/loader/load-tasks.js';
import type { Service } from '../lib/service.js';
import type { TaskDefinition } from '../lib/tasks/task.js';
import { type AddCommand, reporting } from './command.js';
import { EXIT } from './exit.js';
import { table } from './output.js';

export const routesCommand: AddCommand = (program, context) => {
  program
    .command('routes')
    .description('list the tasks that the modules register')
    .argument('[paths...]', 'task modules: paths or globs')
    .option('--json', 'as JSON')
    .action((paths: string[], { json = false }: { json?: boolean }) =>
      reporting(context, async () => {
        await loadTasks(context.service, { paths: paths.length > 0 ? paths : undefined });
        const tasks = context.service.internals.registry.all();
        context.output.out(json ? `${JSON.stringify(tasks.map(facts), null, 2)}\n` : taskTable(context.service));
        return EXIT.done;
      }),
    );
};

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
