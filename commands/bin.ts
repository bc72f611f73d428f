#!/usr/bin/env node
/** The entry of `npx bgtasks`: runs the application's own copy of the package where it has one, else this one. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Commands {
  main(argv: readonly string[]): Promise<number>;
}

async function commandsOf(folder: string): Promise<Commands> {
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve('bgtasks/package.json');
    const own = join(dirname(manifest), 'dist', 'commands', 'index.js');
    return (await import(pathToFileURL(own).href)) as Commands;
  } catch {
    return import('./index.js');
  }
}

const { main } = await commandsOf(process.cwd());
// Not exitCode: what the modules of an application opened (a pool of database connections) must not keep the command.
process.exit(await main(process.argv.slice(2)));
