/**
 * Makes the types that swc names in decorator metadata safe to read, so that they mean what tsc makes of them.
 *
 * swc sees one file, so for `address!: Address` it writes `typeof Address === "undefined" ? Object : Address`, whatever
 * Address is. Where tsc, which sees the whole program, knows better:
 *
 * | Address is                             | as swc writes it              | here and with tsc          |
 * |----------------------------------------|-------------------------------|----------------------------|
 * | an interface, or typeorm's `Relation`  | the import fails to link (ES) | `Object`                   |
 * | a class of a module that is still      | ReferenceError                | `Object` (tsc: in CommonJS |
 * | loading (User <-> Photo)               |                               | only)                      |
 * | an enum                                | the enum object               | `String` or `Number`       |
 */
import type { ModuleKind } from './typescript-files.js';

const NAME = '[$\\p{ID_Continue}]+';
const PATH = `${NAME}(?:\\.${NAME})*`;
/** A line of swc's output: a value of `_ts_metadata(...)`, alone or in the list of parameter types. */
const TYPE_LINE = new RegExp(
  `^(\\s+(?:_ts_metadata\\("design:\\w+", )?)(?:typeof ${PATH} === "undefined" \\|\\| )*` +
    `typeof (${PATH}) === "undefined" \\? Object : \\2(\\)?,?)$`,
  'gmu',
);
/** An import statement of swc's output that names bindings; comments in it may hold line breaks. */
const IMPORT = /^import ([^'"]+) from (['"].*);$/gm;

const HELPER = `
function __bgtasks_type(read) {
  let type;
  try { type = read(); } catch { return Object; }
  if (typeof type !== 'object' || type === null) return typeof type === 'function' ? type : Object;
  const kinds = new Set(Object.keys(type).filter((key) => !/^-?\\d/.test(key)).map((key) => typeof type[key]));
  if (kinds.size !== 1) return Object;
  return kinds.has('string') ? String : kinds.has('number') ? Number : Object;
}`;

/** `withoutMetadata` compiles the same file without metadata: what it no longer imports, metadata alone asked for. */
export function relaxMetadata(code: string, kind: ModuleKind, withoutMetadata: () => string): string {
  const types = new Set(Array.from(code.matchAll(TYPE_LINE), ([, , path = '']) => rootOf(path)));
  if (types.size === 0) return code;
  if (kind === 'commonjs') return withSafeTypes(code, new Map()) + HELPER;
  const imported = importedNames(code).filter((local) => types.has(local));
  const values = imported.length > 0 ? importedNames(withoutMetadata()) : [];
  const { code: linkable, moved } = moveToNamespaces(
    code,
    new Set(imported.filter((local) => !values.includes(local))),
  );
  return withSafeTypes(linkable, moved) + HELPER;
}

function withSafeTypes(code: string, moved: ReadonlyMap<string, string>): string {
  return code.replace(TYPE_LINE, (_line, start: string, path: string, end: string) => {
    const root = rootOf(path);
    return `${start}__bgtasks_type(() => ${moved.get(root) ?? root}${path.slice(root.length)})${end}`;
  });
}

/** Namespaces link whether or not the name is exported: `import { Relation }` becomes `import * as ns`, `ns.Relation`. */
function moveToNamespaces(code: string, locals: ReadonlySet<string>): { code: string; moved: Map<string, string> } {
  const moved = new Map<string, string>();
  if (locals.size === 0) return { code, moved };
  let count = 0;
  const linkable = code.replace(IMPORT, (statement: string, clause: string, from: string) => {
    const bindings = bindingsOf(clause);
    if (!bindings.some(({ local }) => locals.has(local))) return statement;
    const namespace = `__bgtasks_types_${count++}`;
    for (const { name, local } of bindings) if (locals.has(local)) moved.set(local, `${namespace}.${name}`);
    const kept = bindings.filter(({ local }) => !locals.has(local)).map(({ name, local }) => `${name} as ${local}`);
    // Line breaks stay, as source maps count them.
    const breaks = clause.replace(/[^\n]/g, '');
    return `import * as ${namespace} from ${from}; import { ${kept.join(', ')} } from ${from};${breaks}`;
  });
  return { code: linkable, moved };
}

function importedNames(code: string): string[] {
  return Array.from(code.matchAll(IMPORT)).flatMap(([, clause = '']) => bindingsOf(clause).map(({ local }) => local));
}

/** `Def, { a, b as c }`: each imported name, with the name it has here. A namespace always links: it has no names. */
function bindingsOf(clause: string): { name: string; local: string }[] {
  const names = clause.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
  if (names.includes('*')) return [];
  const [standard = '', named = ''] = names.split('{');
  const local = standard.replace(',', '').trim();
  const bindings = local ? [{ name: 'default', local }] : [];
  for (const item of named.replace('}', '').split(',')) {
    const [name = '', alias = name] = item.trim().split(/\s+as\s+/);
    if (name) bindings.push({ name, local: alias });
  }
  return bindings;
}

function rootOf(path: string): string {
  return path.split('.', 1)[0] ?? path;
}
