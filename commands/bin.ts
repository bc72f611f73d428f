#!/usr/bin/env node
/** The entry of `npx bgtasks`: runs the application's own copy of the package where it has one, else this one. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Commands {
  main(argv: readonly string[]): Promise<number>;
}

function manifestBelow(folder: string): string | undefined {
  try {
    return createRequire(join(folder, 'package.json')).resolve('bgtasks/package.json');
  } catch {
    return undefined;
  }
}

// Whoever read the output may end first (`| head`, or a `| tee` that Ctrl-C reaches as well): a worker drains all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const manifest = manifestBelow(process.cwd());
const own = manifest && pathToFileURL(join(dirname(manifest), 'dist', 'commands', 'index.js')).href;
const { main }: Commands = await import(own ?? './index.js');
const exitCode = await main(process.argv.slice(2));
// Not `process.exitCode`: what the modules of an application opened (a pool of database connections) must not keep the
// command. After what was written: a pipe may take it later.
process.stdout.write('', () => process.exit(exitCode));
