/** What the commands that ask running services share: their options, and how they ask. */
import { type Command, InvalidArgumentError } from 'commander';
import type { PresenceClient } from '../lib/clients/presence-client.js';
import { ServiceUnavailableError } from '../lib/errors.js';
import { findConfig } from '../lib/loader/find-modules.js';
import { loadModules } from '../lib/loader/load-modules.js';
import type { Instance } from '../lib/protocols/presence.js';
import { type CommandContext, oneLine, wholeNumber } from './command.js';
import { EXIT } from './exit.js';

export interface RemoteFlags {
  readonly url?: string;
  readonly wait: number;
  readonly json?: boolean;
}

const DEFAULT_WAIT_MS = 1000;

export function withRemoteOptions(command: Command): Command {
  return command
    .option('--url <url>', 'where the broker is')
    .option('--wait <ms>', 'how long answers are gathered', readWait, DEFAULT_WAIT_MS)
    .option('--json', 'as JSON');
}

/** Asks through the broker of the config or of `--url`; 3 where that cannot be reached. */
export async function asking(
  { service, output }: CommandContext,
  { url }: Pick<RemoteFlags, 'url'>,
  ask: (client: PresenceClient) => Promise<number>,
): Promise<number> {
  const config = findConfig(process.cwd());
  if (config) await loadModules([config]);
  if (url !== undefined) service.configure({ url });
  try {
    return await ask(await service.internals.presence());
  } catch (error) {
    if (!(error instanceof ServiceUnavailableError)) throw error;
    output.error(`bgtasks: ${oneLine(error.message)}\n`);
    return EXIT.unavailable;
  } finally {
    await service.close();
  }
}

/** One line, and the exit code for it. */
export function nobody({ output }: CommandContext, service: string | undefined, waitMs: number): number {
  const who = service === undefined ? 'Nobody' : `No process of the service "${service}"`;
  output.error(`bgtasks: ${who} has answered within ${waitMs} ms.\n`);
  return EXIT.unavailable;
}

export function serviceName({ service }: Pick<Instance, 'service'>): string {
  return service ?? '-';
}

/** `3 d 4 h`, `12 min`, `7 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function readWait(text: string): number {
  return wholeNumber('--wait', text, (message) => new InvalidArgumentError(message));
}
