/**
 * Installs Debian's `rabbitmq-server` for a run as root on a fresh machine, and leaves the service it comes with stopped.
 *
 * Errors: rejects with what apt-get wrote; otherwise nothing of that is shown.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, installing } from '../apt.js';
import { NO_RABBITMQ } from './source.js';

/**
 * Packages start their services through policy-rc.d, whose exit code 101 forbids it (a policy that is there already is
 * put aside and back; see the specification of invoke-rc.d in Debian's package init-system-helpers).
 */
const SCRIPT = `
policy=/usr/sbin/policy-rc.d
restore() {
  rm -f "$policy"
  if [ -e "$policy.bgtasks" ]; then mv "$policy.bgtasks" "$policy"; fi
}
if [ -e "$policy" ] && [ ! -e "$policy.bgtasks" ]; then mv "$policy" "$policy.bgtasks"; fi
trap restore EXIT
trap 'exit 1' HUP INT TERM
printf '#!/bin/sh\\nexit 101\\n' > "$policy"
chmod 755 "$policy"
${aptInstall('rabbitmq-server')}`;

export async function installWithApt(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bgtasks-apt-'));
  const logFile = join(folder, 'log');
  const log = await open(logFile, 'w');
  try {
    const code = await runScript(log.fd);
    if (code !== 0) {
      const output = await readFile(logFile, 'utf8');
      throw new Error(`${NO_RABBITMQ}\nInstalling it with apt-get ended with ${code}:\n${output}`);
    }
  } finally {
    await log.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Detached: an interrupted test run must not stop dpkg half-way, nor lose the policy that was put aside. */
function runScript(output: number): Promise<number | null> {
  const { file, args, env } = installing(SCRIPT);
  const child = spawn(file, args, { detached: true, stdio: ['ignore', output, output], env });
  return new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
}
