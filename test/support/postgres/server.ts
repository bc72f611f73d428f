/** Where an installed server is. Packages keep its programs off the PATH, one folder for each version. */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const PACKAGE_FOLDERS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];

/** The folder of `initdb` and `postgres`, of the newest version there is. */
export function findServer(
  path = process.env.PATH ?? '',
  packages: readonly string[] = PACKAGE_FOLDERS,
): string | undefined {
  const versions = packages.flatMap((folder) =>
    (existsSync(folder) ? readdirSync(folder) : [])
      .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))
      .map((version) => join(folder, version, 'bin')),
  );
  return [...path.split(delimiter), ...versions].map(realFolder).find((folder) => folder !== undefined);
}

/** A link to one of the programs alone leads to the folder that has both. */
function realFolder(folder: string): string | undefined {
  const initdb = join(folder, 'initdb');
  if (folder === '' || !existsSync(initdb)) return undefined;
  const real = dirname(realpathSync(initdb));
  return existsSync(join(real, 'postgres')) ? real : undefined;
}
