/** `bgtasks call <route> [json]`: calls a task and prints its answer. */
import { type Command, InvalidArgumentError } from 'commander';
import { statusOf } from '../lib/envelope.js';
import { messageOf, ServiceUnavailableError } from '../lib/errors.js';
import { findConfig } from '../lib/loader/find-modules.js';
import { loadModules } from '../lib/loader/load-modules.js';
import { type AddCommand, type CommandContext, oneLine, reporting, wholeNumber } from './command.js';
import { EXIT } from './exit.js';

interface CallFlags {
  readonly url?: string;
  readonly timeout?: number;
}

export const callCommand: AddCommand = (program, context) => {
  program
    .command('call')
    .description('call a task and print its answer')
    .argument('<route>', 'the name of the task')
    .argument('[json]', 'the body, as JSON', readBody)
    .option('--url <url>', 'where the broker is')
    .option('--timeout <ms>', 'how long to wait for the answer', (text) => wholeNumber('--timeout', text, invalid))
    .action((route: string, body: unknown, flags: CallFlags, command: Command) =>
      reporting(context, () => callTask(context, route, command.args.length > 1 ? body : null, flags)),
    );
};

async function callTask(context: CommandContext, route: string, body: unknown, flags: CallFlags): Promise<number> {
  const { service, output } = context;
  const config = findConfig(process.cwd());
  if (config) await loadModules([config]);
  if (flags.url !== undefined) service.configure({ url: flags.url });
  try {
    const answer = await service.call(route, body, flags.timeout === undefined ? {} : { timeoutMs: flags.timeout });
    output.out(`${JSON.stringify(answer, null, 2)}\n`);
    return statusOf(answer) === 'fail' ? EXIT.failed : EXIT.done;
  } catch (error) {
    if (!(error instanceof ServiceUnavailableError)) throw error;
    output.error(`bgtasks: ${oneLine(error.message)}\n`);
    return EXIT.unavailable;
  } finally {
    await service.close();
  }
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`The body is not JSON: ${messageOf(error)}. A text needs quotes of its own: '"text"'.`);
  }
}

function invalid(message: string): Error {
  return new InvalidArgumentError(message);
}
