/**
 * What is known of a TypeScript file by its name alone: how it is compiled, and which file an import meant.
 *
 * `.mts` is an ES module, `.cts` CommonJS; for `.ts` the `type` of the nearest package.json decides, as it does for
 * `.js` in Node. Without a package.json, or without `type` in it, that is CommonJS: the default of Express and TypeORM
 * projects, and the kind in which modules may import each other in circles.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { BgTasksError } from '../errors.js';

export type ModuleKind = 'module' | 'commonjs';

export const TYPESCRIPT_EXTENSIONS = ['.ts', '.mts', '.cts'] as const;

export function isTypeScript(file: string): boolean {
  return (TYPESCRIPT_EXTENSIONS as readonly string[]).includes(extname(file));
}

export function moduleKindOf(file: string): ModuleKind {
  if (file.endsWith('.mts')) return 'module';
  return file.endsWith('.cts') ? 'commonjs' : kindOfFolder(dirname(file));
}

/** The TypeScript file that an import of `path` means, where `path` itself does not exist: `./user.js`, `./user`. */
export function typeScriptFor(path: string): string | undefined {
  const named = /\.[cm]?js$/.test(path) ? [path.replace(/js$/, 'ts')] : [];
  const added = ['', '/index'].flatMap((end) => TYPESCRIPT_EXTENSIONS.map((extension) => path + end + extension));
  return [...named, ...added].find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

const kinds = new Map<string, ModuleKind>();

function kindOfFolder(folder: string): ModuleKind {
  let kind = kinds.get(folder);
  if (kind === undefined) {
    const parent = dirname(folder);
    kind = kindInPackageJson(folder) ?? (parent === folder ? 'commonjs' : kindOfFolder(parent));
    kinds.set(folder, kind);
  }
  return kind;
}

/** Undefined where the folder has no package.json. */
function kindInPackageJson(folder: string): ModuleKind | undefined {
  const file = join(folder, 'package.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    return type === 'module' ? 'module' : 'commonjs';
  } catch (cause) {
    const message = `${file} is no JSON object, and its "type" says how TypeScript is compiled. Mend it.`;
    throw new BgTasksError('MODULE_FAILED', message, { file }, { cause });
  }
}
