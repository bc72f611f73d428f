/** A Python with the packages that peers of ours are written with: Debian's own, installed where root may do so. */
import { spawnSync } from 'node:child_process';
import { aptInstall, installing, mayInstall } from './apt.js';

/** Debian's packages belong to this one, whichever Python stands first on the PATH. */
const CANDIDATES = ['/usr/bin/python3', 'python3'];

/** The command of a Python that has `module`, for a `before`: skips, and says why, where there is none and none can be installed. */
export function pythonFor(test: Mocha.Context, module: string, debianPackage: string): string {
  test.timeout(240_000);
  const found = find(module) ?? (install(debianPackage) ? find(module) : undefined);
  if (found !== undefined) return found;
  console.log(`      no Python with ${module} here, and it cannot be installed: not run`);
  return test.skip();
}

function find(module: string): string | undefined {
  return CANDIDATES.find((python) => spawnSync(python, ['-c', `import ${module}`]).status === 0);
}

function install(debianPackage: string): boolean {
  if (!mayInstall()) return false;
  const { file, args, env } = installing(aptInstall(debianPackage));
  return spawnSync(file, args, { env }).status === 0;
}
