/**
 * `bgtasks serve <module> --port 8080`: listens with the app that a module exports and, where the setting `withAsync` says
 * so, runs the worker of the same module beside it.
 *
 * Steps: config -> module -> port -> worker -> signal -> the port is closed, then the worker is drained.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { BgTasksError } from '../lib/errors.js';
import { findConfig } from '../lib/loader/find-modules.js';
import { loadModules } from '../lib/loader/load-modules.js';
import { spawnTasks } from '../lib/service/spawn-tasks.js';
import { type AddCommand, type CommandContext, reporting } from './command.js';
import { EXIT } from './exit.js';
import { nextSignal } from './signals.js';

interface ServeFlags {
  readonly port: number;
  readonly host?: string;
}

export const serveCommand: AddCommand = (program, context) => {
  program
    .command('serve')
    .description('listen with the app that a module exports; with the setting withAsync, run its worker as well')
    .argument('<module>', 'exports the app, as its default or as `app`')
    .option('--port <port>', 'where to listen', readPort, 8080)
    .option('--host <host>', 'the address to listen on (default: all)')
    .action((module: string, flags: ServeFlags) => reporting(context, () => serve(context, module, flags)));
};

async function serve({ service, output }: CommandContext, module: string, { port, host }: ServeFlags): Promise<number> {
  const config = findConfig(process.cwd());
  if (config) await loadModules([config]);
  const file = resolve(module);
  const app = await service.internals.whileLoading(() => appOf(file));
  const stopped = nextSignal();
  const server = createServer(app).listen(port, host);
  await once(server, 'listening');
  const { withAsync, tasks = [] } = service.internals.peek();
  const worker = withAsync ? await spawnTasks({ service, paths: [file, ...tasks] }) : undefined;
  const { address, port: bound } = server.address() as AddressInfo;
  const beside = worker ? ', with its worker' : '';
  output.out(`Listening on ${address.includes(':') ? `[${address}]` : address}:${bound}${beside}. Stop with Ctrl-C.\n`);
  const signal = await stopped;
  void nextSignal().then((again) => process.exit(again === 'SIGINT' ? 130 : 143));
  output.out(`\n${signal}: finishing what runs.\n`);
  await closed(server);
  await worker?.close();
  await service.close();
  return EXIT.done;
}

/** Requests that run are answered; connections that wait for a next one are not waited for. */
async function closed(server: Server): Promise<void> {
  const done = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await done;
}

async function appOf(file: string): Promise<RequestListener> {
  await loadModules([file]);
  const exported = (await import(pathToFileURL(file).href)) as { default?: unknown; app?: unknown };
  const { default: byDefault } = exported;
  const nested = byDefault as { default?: unknown; app?: unknown } | undefined; // of a CommonJS module
  const app = [exported.app, byDefault, nested?.app, nested?.default].find((each) => typeof each === 'function');
  if (app) return app as RequestListener;
  const message = `${file} exports no app: \`export default app\` or \`export const app = express()\`, without app.listen().`;
  throw new BgTasksError('USAGE', message, { file });
}

/** 0 is any free port. */
function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('--port must be a whole number from 0 to 65535.');
}
