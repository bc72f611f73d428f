/**
 * Which files `bgtasks tasks [paths...]` loads.
 *
 * Shape:  a path that exists is that file, or every module below that folder; anything else is a glob. Without paths,
 *         the places in `DEFAULT_GLOBS` are searched.
 * Left out: `node_modules`, dot folders and `.d.ts` files, unless a file is named itself; and, within one search, the
 *         compiled copies of what was found as well:
 *         - JavaScript beside TypeScript of the same name (`a.tasks.js` beside `a.tasks.ts`);
 *         - JavaScript below a folder called `dist`, `build` or `out`, as soon as anything was found elsewhere. So the
 *           same command runs the sources in development, and the build where only that was deployed.
 * Errors: `MODULE_FAILED` for a path that matches nothing.
 */
import { existsSync, statSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { BgTasksError } from '../errors.js';

const EXTENSIONS = '{ts,mts,cts,js,mjs,cjs}';
const MODULE = /(?<!\.d)\.[cm]?[jt]s$/;
const JAVASCRIPT = /\.([cm]?)js$/;
const BUILD_FOLDERS = ['dist', 'build', 'out'];

/** `src` and the build folders, with or without a `src` of their own, are searched like the top folder. */
const TOP_FOLDERS = `{,src/,${BUILD_FOLDERS.flatMap((folder) => [`${folder}/`, `${folder}/src/`]).join(',')}}`;
const DEFAULT_GLOBS = [
  `${TOP_FOLDERS}tasks.${EXTENSIONS}`,
  `${TOP_FOLDERS}tasks/**/*.${EXTENSIONS}`,
  `**/*.tasks.${EXTENSIONS}`,
];

/** Absolute paths of the task modules, sorted, each once. `cwd` is what `patterns` are relative to. */
export async function findTaskModules(patterns: readonly string[] | undefined, cwd: string): Promise<string[]> {
  const found = patterns?.length
    ? (await Promise.all(patterns.map((pattern) => findOne(pattern, cwd)))).flat()
    : await search(DEFAULT_GLOBS, cwd);
  return [...new Set(found)].sort();
}

/** The configuration module of `cwd`, where there is one: an ordinary module that calls `configure()`. */
export function findConfig(cwd: string): string | undefined {
  return ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']
    .map((extension) => resolve(cwd, `bgtasks.config.${extension}`))
    .find((file) => existsSync(file));
}

async function findOne(pattern: string, cwd: string): Promise<string[]> {
  const path = resolve(cwd, pattern);
  // Looked up before it is read as a glob: a name such as `app[1].ts` is a file first.
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) return [path];
  const found = stats ? await search([`**/*.${EXTENSIONS}`], path) : await search([pattern], cwd);
  if (found.length > 0) return found;
  const why = stats ? 'the folder has no JavaScript or TypeScript module' : 'no such file, folder or glob match';
  throw new BgTasksError('MODULE_FAILED', `No task module at "${pattern}": ${why} (looked in ${cwd}).`, { pattern });
}

async function search(globs: string[], cwd: string): Promise<string[]> {
  // Imported when needed: it takes longer than the rest of this folder, and named files do without it.
  const { glob } = await import('tinyglobby');
  const paths = await glob(globs, { cwd, absolute: true, expandDirectories: false, ignore: '**/node_modules/**' });
  // `resolve`: tinyglobby answers with forward slashes on Windows as well.
  const modules = paths.filter((path) => MODULE.test(path)).map((path) => resolve(path));
  return withoutCompiledCopies(modules, cwd);
}

function withoutCompiledCopies(files: readonly string[], cwd: string): string[] {
  const all = new Set(files);
  const single = files.filter((file) => !JAVASCRIPT.test(file) || !all.has(file.replace(JAVASCRIPT, '.$1ts')));
  const sources = single.filter((file) => !JAVASCRIPT.test(file) || !isInBuildFolder(relative(cwd, file)));
  return sources.length > 0 ? sources : single;
}

function isInBuildFolder(path: string): boolean {
  return path.split(sep).some((part) => BUILD_FOLDERS.includes(part));
}
