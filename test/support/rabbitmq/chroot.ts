/**
 * RabbitMQ 4 on Debian 12, whose own package is 3.10: a minimal Debian 13 in a folder of its own, made once and kept.
 *
 * Shape:  `installChroot()` gives the folder; a node started in it is a private node like any other.
 * Errors: rejects with `NO_RABBITMQ_4` and the end of what the installation wrote, for one where there is no network.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { aptInstall, installing } from '../apt.js';
import { NO_RABBITMQ_4 } from './source.js';

const FOLDER = '/var/cache/bgtasks-test/rabbitmq-4';
/** RabbitMQ's own script, inside of the folder. */
export const CHROOT_SCRIPT = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** Made beside its place and moved there whole, so that an interrupted installation leaves nothing that looks like one. */
const SCRIPT = `
new="$FOLDER.$$"
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM
if ! command -v debootstrap; then
  ${aptInstall('debootstrap')}fi
mkdir -p "$(dirname "$FOLDER")"
debootstrap --variant=minbase trixie "$new"
printf '#!/bin/sh\\nexit 101\\n' > "$new/usr/sbin/policy-rc.d"
chmod 755 "$new/usr/sbin/policy-rc.d"
chroot "$new" apt-get install --yes --no-install-recommends rabbitmq-server
rm -rf "$new"/var/cache/apt/archives/*.deb "$new"/var/lib/apt/lists/*
[ -e "$FOLDER" ] || mv -T "$new" "$FOLDER"
`;

/** The folder, installed if it is not there yet: under a minute and 500 MB. */
export async function installChroot(): Promise<string> {
  if (!existsSync(`${FOLDER}${CHROOT_SCRIPT}`)) {
    const { file, args, env } = installing(SCRIPT, { FOLDER });
    await promisify(execFile)(file, args, { env, maxBuffer: 64 * 1024 * 1024 }).catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) => {
        const end = `${stdout}${stderr}`.trimEnd().split('\n').slice(-3).join(' ');
        throw new Error(`${NO_RABBITMQ_4} Debian 13 could not be installed: ${end}`);
      },
    );
  }
  return FOLDER;
}
