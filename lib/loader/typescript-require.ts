/**
 * TypeScript for `require`, which knows no asynchronous hooks: an entry in Node's table of extensions, and a second
 * look at names that were not found. What is required is compiled to CommonJS, `.mts` files and those of `"type":
 * "module"` packages too: only a top-level `await` cannot be required.
 */
import Module from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TYPESCRIPT_EXTENSIONS, typeScriptFor } from './typescript-files.js';
import type { Compile } from './typescript-transform.js';

interface LoadedModule {
  readonly filename?: string;
  _compile(code: string, file: string, format: 'commonjs'): void;
}

/** What every TypeScript loader for `require` builds on; undocumented, and unchanged since Node 0.x. */
interface CommonJsLoader {
  readonly _extensions: Record<string, (module: LoadedModule, file: string) => void>;
  _resolveFilename(request: string, parent: LoadedModule | undefined, ...rest: unknown[]): string;
}

export function registerRequire(compile: Compile): void {
  const loader = Module as unknown as CommonJsLoader;
  // Being listed here also makes Node try these endings: `./entity/User`, `./entity` with an index file.
  for (const extension of TYPESCRIPT_EXTENSIONS) {
    loader._extensions[extension] = (module, file) => module._compile(compile(file, 'commonjs'), file, 'commonjs');
  }
  const original = loader._resolveFilename;
  loader._resolveFilename = function (request, parent, ...rest) {
    // `import(url)` is compiled to `require`, which takes paths alone.
    const path = request.startsWith('file:') ? fileURLToPath(request) : request;
    try {
      return original.call(this, path, parent, ...rest);
    } catch (error) {
      const meant = isPath(path) ? typeScriptFor(resolve(dirname(parent?.filename ?? '.'), path)) : undefined;
      if (meant === undefined) throw error;
      return original.call(this, meant, parent, ...rest);
    }
  };
}

function isPath(request: string): boolean {
  return /^\.\.?(?:[/\\]|$)/.test(request) || isAbsolute(request);
}
