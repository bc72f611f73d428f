/**
 * Lets this process load TypeScript, ES modules and CommonJS alike, with decorator metadata and TypeScript lines in
 * stacks. The compiler is the application's @swc/core: tsx and Node's type stripping emit no decorator metadata, and
 * the compilers that do, ts-node and @swc-node/register, need a TypeScript below 7.
 *
 * Errors: `MISSING_PEER` where @swc/core is not installed.
 */
import Module, { createRequire, register } from 'node:module';
import { join } from 'node:path';
import { BgTasksError } from '../errors.js';
import { TYPESCRIPT_HOOKS } from '../own-files.js';
import { registerRequire } from './typescript-require.js';
import { compilerFrom } from './typescript-transform.js';

let isRegistered = false;

/** Calling it again is harmless. `cwd`: the folder of the application, where @swc/core is looked for first. */
export function registerTypeScript(cwd: string = process.cwd()): void {
  if (isRegistered) return;
  const swcPath = findSwc(cwd);
  register(TYPESCRIPT_HOOKS, { data: swcPath });
  registerRequire(compilerFrom(swcPath));
  enableSourceMaps();
  isRegistered = true;
}

function findSwc(cwd: string): string {
  try {
    return createRequire(join(cwd, 'package.json')).resolve('@swc/core');
  } catch {
    // Not the application's: it may stand beside this package.
  }
  try {
    return createRequire(import.meta.url).resolve('@swc/core');
  } catch (cause) {
    throw new BgTasksError(
      'MISSING_PEER',
      'Loading TypeScript needs the package "@swc/core". Run `npm install --save-dev @swc/core`, ' +
        'or compile first and give the JavaScript, as in `npx bgtasks tasks dist/tasks`.',
      { package: '@swc/core' },
      { cause },
    );
  }
}

/** Newer versions of Node (22.14) can leave out packages, whose maps cost time and often lead to no file. */
function enableSourceMaps(): void {
  const { setSourceMapsSupport } = Module as { setSourceMapsSupport?: (on: boolean, options: object) => void };
  if (setSourceMapsSupport) setSourceMapsSupport(true, { nodeModules: false });
  else process.setSourceMapsEnabled(true);
}
