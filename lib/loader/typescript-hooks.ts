/**
 * Hooks of Node's ES module loader (https://nodejs.org/docs/latest-v20.x/api/module.html#hooks); they run in a thread
 * of their own. `load` never asks the next hook for TypeScript, so it wins over Node's own type stripping and over a
 * loader registered before, neither of which emits decorator metadata.
 */
import type { InitializeHook, LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { facadeOf } from './commonjs-facade.js';
import { isTypeScript, moduleKindOf, typeScriptFor } from './typescript-files.js';
import { type Compile, compilerFrom } from './typescript-transform.js';

let compile: Compile;

export const initialize: InitializeHook<string> = (swcPath) => {
  compile = compilerFrom(swcPath);
};

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    // Node tells here which file it missed, whether the specifier was relative, a URL or from an `imports` map.
    const { url } = error as { url?: string };
    const meant = url?.startsWith('file:') ? typeScriptFor(fileURLToPath(url)) : undefined;
    if (meant === undefined) throw error;
    return nextResolve(pathToFileURL(meant).href, context);
  }
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const file = url.startsWith('file:') ? fileURLToPath(url) : '';
  if (!isTypeScript(file)) return nextLoad(url, context);
  const source = moduleKindOf(file) === 'module' ? compile(file, 'module') : facadeOf(file, compile);
  return { format: 'module', source, shortCircuit: true };
};
