/** Small projects in temporary folders, and a process of its own to load them: hooks never touch that of the tests. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const LOADER = new URL('../../lib/loader/', import.meta.url);
export const FIXTURES = fileURLToPath(new URL('../../../test/loader/fixtures/', import.meta.url));

const folders: string[] = [];

/** Writes `files` (path -> content) to a new folder and returns its path. */
export function project(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'bgtasks-loader-')));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

export function removeProjects(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

export interface Outcome {
  /** The lines that the modules printed. */
  readonly printed: readonly string[];
  /** What `loadModules` threw; `stack` is that of its cause. */
  readonly error?: { readonly code: string; readonly message: string; readonly stack?: string };
}

/** Loads `files` of `cwd` in a new process. */
export function load(cwd: string, files: readonly string[], loader = LOADER, flags: readonly string[] = []): Outcome {
  const script = `
    import { resolve } from 'node:path';
    import { loadModules } from '${new URL('load-modules.js', loader).href}';
    await loadModules(process.argv.slice(1).map((file) => resolve(file))).catch((error) => {
      console.error('<' + JSON.stringify({ code: error.code, message: error.message, stack: error.cause?.stack }) + '>');
    });`;
  const args = [...flags, '--input-type=module', '--eval', script, '--', ...files];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  const report = /^<(\{.*\})>$/m.exec(stderr)?.[1];
  if (status !== 0) throw new Error(stderr);
  const printed = stdout.split('\n').filter((line) => line !== '');
  return report === undefined ? { printed } : { printed, error: JSON.parse(report) as Outcome['error'] & object };
}
