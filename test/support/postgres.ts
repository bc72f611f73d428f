/**
 * PostgreSQL for tests: a private cluster, started by whoever needs one and stopped with the test process at the latest.
 *
 * Shape:  `startPostgres()` gives the settings of a data source, or undefined where PostgreSQL cannot be had.
 * Source: an installed server, else `apt-get` installs one (as root on Debian).
 * Errors: the server's own output where it does not come up.
 */
import { mayInstall } from './apt.js';
import { installWithApt } from './postgres/apt.js';
import { PostgresCluster } from './postgres/cluster.js';
import { findServer } from './postgres/server.js';

export const NO_POSTGRES =
  'No PostgreSQL: what runs on it is skipped. Install it (Debian: apt-get install postgresql; macOS: brew install postgresql).';

/** A cluster on a free port of the loopback interface. The caller stops it. */
export async function startPostgres(): Promise<PostgresCluster | undefined> {
  let folder = findServer();
  if (folder === undefined && mayInstall()) {
    await installWithApt();
    folder = findServer();
  }
  if (folder === undefined) {
    console.log(NO_POSTGRES);
    return undefined;
  }
  return PostgresCluster.start(folder);
}
