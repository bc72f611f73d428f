/**
 * The command line: arguments in, exit code out. One file per command beside this one.
 *
 * Exit codes: 0 done; 1 a task failed, or a module, a setting or the broker stands in the way; 2 wrong use;
 *             3 (`call`, `ping`, `status`, `routes --remote`) no answer can be had: no route, no broker, no reply in time.
 */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { service } from '../lib/service/default-service.js';
import { asyncApiCommand } from './asyncapi.js';
import { callCommand } from './call.js';
import { deadCommand } from './dead/dead.js';
import { EXIT } from './exit.js';
import { type Output, processOutput } from './output.js';
import { pingCommand } from './ping.js';
import { routesCommand } from './routes.js';
import { schedulesCommand } from './schedules.js';
import { serveCommand } from './serve.js';
import { statusCommand } from './status.js';
import { tasksCommand } from './tasks.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** Runs one command line, without the name of the program. Never throws. */
export async function main(argv: readonly string[], output: Output = processOutput): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = new Command('bgtasks')
    .description('Tasks, serializers and remote fields over RabbitMQ.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.error(text) });
  for (const add of [
    tasksCommand,
    serveCommand,
    callCommand,
    routesCommand,
    schedulesCommand,
    deadCommand,
    pingCommand,
    statusCommand,
    asyncApiCommand,
  ]) {
    add(program, { service, output, exit: (code) => (exitCode = code) });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}
