/** A Python with the packages that peers of ours are written with: Debian's own, installed where root may do so. */
import { spawnSync } from 'node:child_process';
import { aptInstall, installing, mayInstall } from './apt.js';

/** Debian's packages belong to this one, whichever Python stands first on the PATH. */
const CANDIDATES = ['/usr/bin/python3', 'python3'];

/** The command of a Python that has `module`; undefined where there is none and none can be installed. */
export function pythonWith(module: string, debianPackage: string): string | undefined {
  return find(module) ?? (install(debianPackage) ? find(module) : undefined);
}

function find(module: string): string | undefined {
  return CANDIDATES.find((python) => spawnSync(python, ['-c', `import ${module}`]).status === 0);
}

function install(debianPackage: string): boolean {
  if (!mayInstall()) return false;
  const { file, args, env } = installing(aptInstall(debianPackage));
  return spawnSync(file, args, { env }).status === 0;
}
