/**
 * Where a RabbitMQ for tests comes from. Decisions only: nothing is started or installed here.
 *
 * Shape:  `chooseSource(machine)` asks the machine as little as it can, the cheap questions first.
 * Errors: throws `NO_RABBITMQ`, one line for whoever reads the end of a failed run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { mayInstall } from '../apt.js';

export type RabbitSource =
  | { kind: 'installed'; script: string }
  | { kind: 'docker' }
  | { kind: 'apt' }
  | { kind: 'chroot' };

/** What is asked of the machine, so that a test can stand in for one. */
export interface Machine {
  /** Path of an installed `rabbitmq-server`, the script of RabbitMQ itself. */
  serverScript(): string | undefined;
  /** Whether a Docker engine answers (the command alone is not enough). */
  dockerAnswers(): boolean;
  /** Whether this process may install Debian packages. */
  mayInstall(): boolean;
  /** Version of the server that `script` starts: `3.10.8`. */
  versionOf(script: string): string;
}

export const NO_RABBITMQ =
  'The tests need RabbitMQ. Install it (Debian: apt-get install rabbitmq-server; macOS: brew install rabbitmq), or start Docker, or set BGTASKS_TEST_URL.';

export function chooseSource(machine: Machine): RabbitSource {
  const script = machine.serverScript();
  if (script !== undefined) return { kind: 'installed', script };
  if (machine.dockerAnswers()) return { kind: 'docker' };
  if (machine.mayInstall()) return { kind: 'apt' };
  throw new Error(NO_RABBITMQ);
}

export const NO_RABBITMQ_4 =
  'No RabbitMQ 4: install it, or start Docker, or run as root on Debian, or set BGTASKS_TEST_URL_4.';

/** As `chooseSource`, for RabbitMQ 4. Docker's image is one; Debian 12 gets it from Debian 13, in a folder of its own. */
export function chooseSource4(machine: Machine): RabbitSource {
  const script = machine.serverScript();
  if (script !== undefined && /^([4-9]|\d\d)/.test(machine.versionOf(script))) return { kind: 'installed', script };
  if (machine.dockerAnswers()) return { kind: 'docker' };
  if (machine.mayInstall()) return { kind: 'chroot' };
  throw new Error(NO_RABBITMQ_4);
}

/** Where packages put it besides the PATH, which for a user of Debian or Homebrew often lacks the `sbin` folders. */
const PACKAGE_FOLDERS = [
  '/usr/lib/rabbitmq/bin', // Debian, Red Hat
  '/opt/homebrew/opt/rabbitmq/sbin', // Homebrew, Apple silicon
  '/usr/local/opt/rabbitmq/sbin', // Homebrew, Intel
];

export function thisMachine(env: NodeJS.ProcessEnv = process.env): Machine {
  return {
    serverScript: () => findServerScript([...(env.PATH ?? '').split(delimiter), ...PACKAGE_FOLDERS]),
    dockerAnswers: () =>
      spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { env, timeout: 10_000 }).status === 0,
    mayInstall,
    versionOf: (script) =>
      spawnSync(join(dirname(script), 'rabbitmqctl'), ['version'], { env, encoding: 'utf8' }).stdout.trim(),
  };
}

/**
 * The first `rabbitmq-server` that is RabbitMQ's own script. Debian's PATH has a wrapper of that name instead, which
 * switches to the user `rabbitmq` and its data folder: it is a link to a file of another name, or has no
 * `rabbitmq-env` beside it, which the real script sources.
 */
export function findServerScript(folders: readonly string[]): string | undefined {
  return folders
    .filter((folder) => folder !== '')
    .map(realScript)
    .find((script) => script !== undefined);
}

function realScript(folder: string): string | undefined {
  const path = join(folder, 'rabbitmq-server');
  if (!existsSync(path)) return undefined;
  const script = realpathSync(path);
  const isReal = basename(script) === 'rabbitmq-server' && existsSync(join(dirname(script), 'rabbitmq-env'));
  return isReal ? script : undefined;
}
