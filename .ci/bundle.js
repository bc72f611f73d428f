/**
 * Turns the modules that tsc has built into what is published: the entry points, bundled, and what they share. Node takes
 * some 0.4 ms to load a module, and a worker would load 200. Run in the root of the package, by `prepack`.
 *
 * All entries in one run, so that there is one copy of each class. Declarations stay as tsc has written them.
 */
import { readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { glob } from 'tinyglobby';

const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
/** Started by their paths: `lib/own-files.ts`, and `commands/bin.ts` for the last one. */
const STARTED = ['dist/lib/pool-child/main.js', 'dist/lib/loader/typescript-hooks.js', 'dist/commands/index.js'];
const published = [...Object.values(exports), ...Object.values(bin)].filter((path) => path.endsWith('.js'));

const { outputFiles } = await build({
  entryPoints: [...published, ...STARTED],
  outbase: 'dist',
  outdir: 'dist',
  // In the folder of `lib/own-files.ts`, whose paths are relative to it.
  chunkNames: 'lib/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // No `keepNames`: it sets the name of each inner function each time it is made; a remote list took 1.5 times as long.
  write: false,
});
for (const file of await glob('dist/{lib,fields,serializers,commands}/**/*.js')) rmSync(file);
for (const { path, contents } of outputFiles) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}
