/**
 * Imports task modules, JavaScript or TypeScript.
 *
 * Shape:  one after the other, in the given order; a module that was imported before is not run again.
 *         TypeScript is switched on by the first TypeScript file among `files`; a list of JavaScript alone leaves
 *         Node's loaders as they are. Where such JavaScript imports TypeScript, call `registerTypeScript` first.
 * Errors: `MODULE_FAILED` names the file and, in one line, what went wrong and where; the error itself is its `cause`.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BgTasksError, messageOf } from '../errors.js';
import { isTypeScript, moduleKindOf } from './typescript-files.js';

export async function loadModules(files: readonly string[]): Promise<void> {
  // Imported when needed, as is node:child_process below: starting a worker of plain JavaScript stays fast.
  if (files.some(isTypeScript)) (await import('./typescript.js')).registerTypeScript();
  for (const file of files) {
    try {
      await load(file);
    } catch (cause) {
      const message = `Cannot load ${shortPath(file)}: ${await describe(cause, file)}`;
      throw new BgTasksError('MODULE_FAILED', message, { file }, { cause });
    }
  }
}

async function load(file: string): Promise<void> {
  // Required at once, rather than imported through a facade: saves loading the compiler in the thread of the hooks.
  if (isTypeScript(file) && moduleKindOf(file) === 'commonjs') createRequire(import.meta.url)(file);
  else await import(pathToFileURL(file).href);
}

const TOP_LEVEL_AWAIT =
  '(set "type": "module" in package.json, or name the file .mts: CommonJS cannot wait while it loads)';

async function describe(thrown: unknown, file: string): Promise<string> {
  const message = messageOf(thrown).split('\n', 1)[0] ?? '';
  if (!(thrown instanceof Error)) return message;
  const { requireStack } = thrown as { requireStack?: string[] };
  if (requireStack?.[0]) return `${message} (required by ${shortPath(requireStack[0])})`;
  if (/^await is only valid/.test(message)) return `${message} ${TOP_LEVEL_AWAIT}`;
  const name = thrown.name === 'Error' || thrown instanceof BgTasksError ? '' : `${thrown.name}: `;
  const place = firstPlace(thrown.stack ?? '') ?? (thrown instanceof SyntaxError ? await checkSyntax(file) : undefined);
  return name + message + (place ? ` (${place})` : '');
}

/** V8 keeps the place of a syntax error in an ES module for whoever prints it uncaught: another process does. */
async function checkSyntax(file: string): Promise<string | undefined> {
  const { spawnSync } = await import('node:child_process');
  const { status, stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
  return status === 0 ? 'in a module that it imports' : firstPlace(stderr);
}

const HERE = new URL('.', import.meta.url).href;
const STACK_LINE = /^(?:\s+at (?:.*\()?)?((?:file:\/\/)?(?:\/|[A-Za-z]:\\).*?)((?::\d+)+)\)?$/gm;

/** The first place in the application: `src/tasks.ts:3`, as above a syntax error, or of a line `at f (file:3:9)`. */
function firstPlace(stack: string): string | undefined {
  for (const [, location = '', position] of stack.matchAll(STACK_LINE)) {
    const path = location.startsWith('file:') ? fileURLToPath(location) : location;
    const isForeign = location.startsWith(HERE) || /[/\\]node_modules[/\\]/.test(path);
    // Packages may come with source maps to sources that they do not contain.
    if (!isForeign && existsSync(path)) return shortPath(path) + position;
  }
  return undefined;
}

/** Relative to the working directory, for what lies in it. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}
