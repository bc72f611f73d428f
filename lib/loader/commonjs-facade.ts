/**
 * How an ES module imports a CommonJS TypeScript module: through a small ES module that requires it, so that both
 * worlds share one instance.
 *
 * As for JavaScript in Node, `default` is `module.exports`, and the names are those that can be read off the file:
 * its exports, and those of relative modules that it re-exports with `export *`.
 */
import { dirname, resolve } from 'node:path';
import { typeScriptFor } from './typescript-files.js';
import type { Compile } from './typescript-transform.js';

export function facadeOf(file: string, compile: Compile): string {
  const names = [...exportedNames(file, compile, new Set())];
  const values = names.map((name, index) => `const $${index} = exported.${name}; export { $${index} as ${name} };`);
  return [
    `import { createRequire } from 'node:module';`,
    `const exported = createRequire(import.meta.url)(${JSON.stringify(file)});`,
    'export default exported;',
    ...values,
  ].join('\n');
}

/** How swc writes one export, and several: the latter is never executed, and written for readers like this one. */
const EXPORTS = /^(?:Object\.defineProperty\(exports, "([^"]+)", \{|0 && \(module\.exports = \{([^}]*)\}\);)$/gm;

function exportedNames(file: string, compile: Compile, seen: Set<string>): Set<string> {
  const names = new Set<string>();
  if (seen.has(file)) return names;
  seen.add(file);
  const code = compile(file, 'commonjs');
  for (const [, one, listed = ''] of code.matchAll(EXPORTS)) {
    for (const name of one ? [one] : (listed.match(/[$\p{ID_Continue}]+(?=: null)/gu) ?? [])) names.add(name);
  }
  for (const [, from = ''] of code.matchAll(/^0 && __export\(require\(["'](\.[^"']*)["']\)\);$/gm)) {
    const target = typeScriptFor(resolve(dirname(file), from));
    if (target) for (const name of exportedNames(target, compile, seen)) names.add(name);
  }
  for (const name of ['default', '__esModule']) names.delete(name);
  return names;
}
