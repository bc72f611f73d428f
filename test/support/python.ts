/** A Python with the packages that peers of ours are written with: Debian's own, installed where root may do so. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Debian's packages belong to this one, whichever Python stands first on the PATH. */
const CANDIDATES = ['/usr/bin/python3', 'python3'];
const APT = '/usr/bin/apt-get';

/** The command of a Python that has `module`; undefined where there is none and none can be installed. */
export function pythonWith(module: string, debianPackage: string): string | undefined {
  return find(module) ?? (install(debianPackage) ? find(module) : undefined);
}

function find(module: string): string | undefined {
  return CANDIDATES.find((python) => spawnSync(python, ['-c', `import ${module}`]).status === 0);
}

function install(debianPackage: string): boolean {
  if (process.getuid?.() !== 0 || !existsSync(APT)) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync(APT, ['update', '-qq'], { env });
  return spawnSync(APT, ['install', '-y', '-qq', '--no-install-recommends', debianPackage], { env }).status === 0;
}
