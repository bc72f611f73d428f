/**
 * Installs Debian's `postgresql` for a run as root on a fresh machine: no cluster is made, no service started.
 *
 * Errors: rejects with what apt-get wrote; otherwise nothing of that is shown.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { aptInstall, installing } from '../apt.js';

/** The package would make a cluster and start it, which the file forbids (one that is there already stays as it is). */
const SCRIPT = `
file=/etc/postgresql-common/createcluster.conf
mkdir -p "$(dirname "$file")"
[ -e "$file" ] || printf 'create_main_cluster = false\\n' > "$file"
${aptInstall('postgresql')}`;

export async function installWithApt(): Promise<void> {
  const { file, args, env } = installing(SCRIPT);
  await promisify(execFile)(file, args, { env, maxBuffer: 64 * 1024 * 1024 });
}
