/**
 * Installs Debian's `postgresql` for a run as root on a fresh machine: no cluster is made, no service started.
 *
 * Errors: rejects with what apt-get wrote; otherwise nothing of that is shown.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * The package would make a cluster and start it, which the file forbids (one that is there already stays as it is).
 * An update fails as a whole when one foreign repository does, so the installation decides.
 */
const SCRIPT = `
file=/etc/postgresql-common/createcluster.conf
mkdir -p "$(dirname "$file")"
[ -e "$file" ] || printf 'create_main_cluster = false\\n' > "$file"
apt-get update || true
apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold postgresql
`;

export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

export async function installWithApt(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await promisify(execFile)('/bin/sh', ['-e', '-c', SCRIPT], { env, maxBuffer: 64 * 1024 * 1024 });
}
