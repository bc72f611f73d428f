/**
 * What a route runs: a function, a method of a class, or an export of a module that is imported only where it runs.
 *
 * Shape:  `'./tasks.js#sendMail'` is relative to the working directory, `new URL('./tasks.js#sendMail', import.meta.url)`
 *         to the module that says it. Of a class there is one instance, made by `new Class()`.
 * Errors: `INVALID_TASK`, and `MODULE_FAILED` for a file that is not there or cannot be loaded.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { takeInjected } from '../../dependencies/inject.js';
import { BgTasksError, preview } from '../../errors.js';
import { loadModules } from '../../loader/load-modules.js';
import { typeScriptFor } from '../../loader/typescript-files.js';

/** A class whose method is the target. */
export type TargetClass = new () => object;
/** Its last part names the export: `'./tasks.js#sendMail'`. */
export type TargetPath = string | URL;

type Fn = (...args: readonly unknown[]) => unknown;

export interface Target {
  /** `function` or `Class.method`; empty where the function has none. */
  readonly name: string;
  /** What a registration takes: a function, or what a decorator of the method would get. */
  readonly handler: readonly unknown[];
  /** Imports the module of a path; of all others there is nothing to do. */
  load(): Promise<unknown>;
}

const METHOD = 'call';

export function targetOf(given: unknown, method?: string): Target {
  if (typeof given === 'string' || given instanceof URL) return pathTarget(given, method);
  if (typeof given !== 'function') {
    throw invalid(`The target of a Route must be a function, a class or a path, not ${preview(given)}.`);
  }
  const load = async () => {};
  if (!isClass(given, method)) return { name: given.name, handler: [given], load };
  const key = methodOf(given as TargetClass, method);
  return { name: `${given.name}.${key}`, handler: [given.prototype, key, {}], load };
}

function pathTarget(given: TargetPath, method: string | undefined): Target {
  const { path, exported } = partsOf(given);
  const file = existsSync(path) ? path : typeScriptFor(path);
  if (file === undefined) throw noFile(String(given), path);
  let loaded: Promise<Fn> | undefined;
  const load = () => {
    loaded ??= importTarget(String(given), file, exported, method).catch((error) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
  const handler = async (...args: readonly unknown[]) => (await load())(...args);
  // Which arguments have defaults is not known here: those without a "?" must be given.
  Object.defineProperty(handler, 'length', { value: Infinity });
  return { name: method === undefined ? exported : `${exported}.${method}`, handler: [handler], load };
}

async function importTarget(shown: string, file: string, exported: string, method: string | undefined): Promise<Fn> {
  await loadModules([file]); // says in one line what is wrong with a module
  const { default: fallback, ...names } = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const all = { ...(typeof fallback === 'object' ? fallback : undefined), ...names, default: fallback };
  const found = Object.hasOwn(all, exported) ? (all as Record<string, unknown>)[exported] : undefined;
  if (typeof found !== 'function') {
    throw invalid(`The target "${shown}": the module has no function or class "${exported}". Export one.`);
  }
  if (!isClass(found, method)) return found as Fn;
  const key = methodOf(found as TargetClass, method);
  const owner = new (found as TargetClass)();
  if (takeInjected(owner).length > 0) {
    throw invalid(
      `The target "${shown}": a class with inject(...) is given as the class itself; of a path, use "dependencies".`,
    );
  }
  return (...args) => (owner as Record<string, Fn>)[key]?.(...args);
}

/** TypeScript for an older JavaScript has functions in their place: there `method` tells. */
// biome-ignore lint/complexity/noBannedTypes: whatever a user has given
function isClass(given: Function, method: string | undefined): boolean {
  return method !== undefined || /^class\b/.test(Function.prototype.toString.call(given));
}

function methodOf(type: TargetClass, method = METHOD): string {
  if (typeof (type.prototype as Record<string, unknown> | undefined)?.[method] === 'function') return method;
  const hint = method === METHOD ? 'Add it, or say which one it is: method: "..." of its Route.' : 'Check the name.';
  throw invalid(`The target "${type.name}" has no method "${method}". ${hint}`);
}

function partsOf(given: TargetPath): { path: string; exported: string } {
  const [, before = '', exported = ''] = /^([^#]*)#(.+)$/.exec(String(given)) ?? [];
  if (exported === '' || before === '') {
    throw invalid(`The target "${given}" must name an export of a file, such as "./tasks.js#sendMail".`);
  }
  if (!(given instanceof URL) && !before.startsWith('file:')) return { path: resolve(before), exported };
  if (!before.startsWith('file:')) throw invalid(`The target "${given}" must be a file.`);
  return { path: fileURLToPath(before), exported: decodeURIComponent(exported) };
}

function noFile(shown: string, path: string): BgTasksError {
  const message =
    `The target "${shown}": there is no file ${path}. A text is relative to the working directory; ` +
    'new URL("./tasks.js#sendMail", import.meta.url) is relative to the module.';
  return new BgTasksError('MODULE_FAILED', message, { target: shown, file: path });
}

function invalid(message: string): BgTasksError {
  return new BgTasksError('INVALID_TASK', message);
}
