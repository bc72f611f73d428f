/** What is installed for a run as root on a fresh Debian. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

interface Command {
  readonly file: string;
  readonly args: string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Runs a script for `/bin/sh` that calls apt-get. One at a time: two runs of the tests go side by side and ask for the same,
 * and apt-get waits for another one's installation, but not for its update.
 */
export function installing(script: string, env: NodeJS.ProcessEnv = {}): Command {
  const lock = join(tmpdir(), 'bgtasks-install.lock');
  return {
    file: 'flock',
    args: ['--close', lock, '/bin/sh', '-e', '-c', script],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', ...env },
  };
}

/** An update fails as a whole when one foreign repository does, so the installation decides. */
export function aptInstall(...packages: readonly string[]): string {
  const options = '--yes --quiet --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold';
  return `apt-get update --quiet || true\napt-get install ${options} ${packages.join(' ')}\n`;
}
