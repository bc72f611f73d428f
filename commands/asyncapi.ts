/** `bgtasks asyncapi [paths...] > asyncapi.json`: what the modules register, as an AsyncAPI 3 document. */
import { existsSync, readFileSync } from 'node:fs';
import { loadTasks } from '../lib/loader/load-tasks.js';
import { asyncApi } from './asyncapi-document.js';
import { type AddCommand, reporting } from './command.js';
import { EXIT } from './exit.js';

export const asyncApiCommand: AddCommand = (program, context) => {
  program
    .command('asyncapi')
    .description('print an AsyncAPI 3 document of the tasks that the modules register')
    .argument('[paths...]', 'task modules: paths or globs')
    .action((paths: string[]) =>
      reporting(context, async () => {
        const { service, output } = context;
        await loadTasks(service, { paths: paths.length > 0 ? paths : undefined });
        const settings = service.internals.peek();
        const { name, version } = manifest();
        const document = asyncApi(service.internals.registry.all(), {
          title: settings.serviceName ?? name ?? 'bgtasks',
          version: version ?? '0.0.0',
          urls: settings.urls,
          serviceName: settings.serviceName,
        });
        output.out(`${JSON.stringify(document, null, 2)}\n`);
        return EXIT.done;
      }),
    );
};

/** That of the application in the working directory. */
function manifest(): { readonly name?: string; readonly version?: string } {
  if (!existsSync('package.json')) return {};
  try {
    const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;
    return { ...(typeof name === 'string' && { name }), ...(typeof version === 'string' && { version }) };
  } catch {
    return {}; // whoever wrote it will learn of it elsewhere
  }
}
