/** `npm run size`: the packed size, the time of `import 'bgtasks'` beside that of an empty module, the modules it loads. */
import { Project } from './packed.js';

const ROUNDS = 15;

const project = new Project();
try {
  project.write('empty.mjs', '');
  project.write('import.mjs', "import 'bgtasks';");
  project.write('serializers.mjs', "import 'bgtasks/serializers';");
  const { size, unpackedSize, files } = project.report;
  console.log(`packed     ${kilobytes(size)} (${kilobytes(unpackedSize)} unpacked, ${files.length} files)`);
  const [empty = 0, main = 0, serializers = 0] = medians(['empty.mjs', 'import.mjs', 'serializers.mjs']);
  console.log(
    `import     bgtasks ${(main - empty).toFixed(1)} ms, bgtasks/serializers ${(serializers - empty).toFixed(1)} ms (node itself ${empty.toFixed(1)} ms)`,
  );
  console.log(`modules    bgtasks ${modulesOf('import.mjs')}, bgtasks/serializers ${modulesOf('serializers.mjs')}`);
} finally {
  project.remove();
}

/** The median time of a process per script, in milliseconds; the scripts take turns. */
function medians(scripts: readonly string[]): number[] {
  const times = scripts.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, script] of scripts.entries()) {
      const startedAt = performance.now();
      project.node(script);
      times[index]?.push(performance.now() - startedAt);
    }
  }
  return times.map((all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0);
}

/** Files that an import loads, from this package and its dependencies. */
function modulesOf(script: string): number {
  project.write(
    'hooks.mjs',
    `import { writeSync } from 'node:fs';
    export async function load(url, context, next) { writeSync(1, url + '\\n'); return next(url, context); }`,
  );
  project.write('register.mjs', "import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);");
  const urls = project.node('--import', './register.mjs', script).split('\n');
  return urls.filter((url) => url.includes('node_modules')).length;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
