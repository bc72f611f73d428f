import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect } from 'chai';

/** The cut of docs/architecture.md. A folder ends with a slash; `but` is what a rule leaves out. Types count too. */
const LAYERS: readonly Layer[] = [
  { of: ['lib/'], never: ['fields/', 'serializers/', 'commands/'] },
  { of: ['fields/'], never: ['serializers/', 'commands/'] },
  { of: ['serializers/'], never: ['commands/'] },
  {
    of: ['lib/'],
    but: ['lib/index.ts', 'lib/service/', 'lib/testing/', 'lib/compat/', 'lib/adapters/'],
    never: ['lib/testing/', 'lib/compat/', 'lib/adapters/'],
  },
  {
    of: ['lib/worker/', 'lib/clients/', 'lib/tasks/', 'lib/protocols/', 'lib/topology/', 'lib/broker/'],
    never: ['lib/service/', 'lib/loader/'],
  },
  { of: ['lib/worker/', 'lib/clients/', 'lib/protocols/'], never: ['lib/broker/'], except: ['lib/broker/broker.ts'] },
  { of: ['lib/worker/'], never: ['lib/clients/'] },
  { of: ['lib/clients/'], never: ['lib/worker/'] },
  { of: ['lib/tasks/'], never: ['lib/worker/', 'lib/clients/', 'lib/broker/'] },
  { of: ['lib/protocols/'], never: ['lib/worker/', 'lib/clients/'] },
  { of: ['lib/broker/'], never: ['lib/worker/', 'lib/clients/', 'lib/tasks/', 'lib/protocols/'] },
];

/** Where each package is imported; none that is missing here is imported at all. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  amqplib: ['lib/broker/amqp/'],
  commander: ['commands/'],
  croner: ['lib/tasks/'],
  tinyglobby: ['lib/loader/'],
  '@swc/core': ['lib/loader/'],
  typeorm: ['lib/adapters/', 'serializers/typeorm/'],
  express: ['lib/adapters/'],
  ws: ['lib/adapters/'],
  'class-transformer': ['lib/adapters/'],
  'class-validator': ['lib/adapters/'],
  'prom-client': ['lib/adapters/'],
  '@opentelemetry/api': ['lib/adapters/'],
};

interface Layer {
  readonly of: readonly string[];
  readonly but?: readonly string[];
  readonly never: readonly string[];
  readonly except?: readonly string[];
}

const ROOT = join(import.meta.dirname, '../../..');
const IMPORT = /^(?:import|export)\b[^;]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

const list = (places: readonly string[], but: readonly string[] = []) =>
  [places.join(', '), but.join(', ')].filter((each) => each !== '').join(' but ');
const isIn = (file: string, places: readonly string[] = []) => places.some((place) => file.startsWith(place));

/** What a source file imports: files of this package by their paths, packages by their names. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return [...source.matchAll(IMPORT)].map(([, from, bare, dynamic]) => {
    const name = (from ?? bare ?? dynamic) as string;
    if (!name.startsWith('.')) return name.replace(/^((?:@[^/]+\/)?[^/]+).*/, '$1');
    return posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts');
  });
}

const imports = ['lib', 'fields', 'serializers', 'commands']
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true }).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => importsOf(file).map((imported) => ({ file, imported })));

describe('imports', () => {
  it('are found', () => {
    expect(imports).to.deep.include({ file: 'lib/service/running.ts', imported: 'lib/monitoring/server.ts' });
    expect(imports.length).to.be.above(1000);
  });

  for (const { of, but, never, except } of LAYERS) {
    it(`of ${list(of, but)} are none of ${list(never, except)}`, () => {
      const wrong = imports.filter(({ file, imported }) => {
        return isIn(file, of) && !isIn(file, but) && isIn(imported, never) && !isIn(imported, except);
      });
      expect(wrong).to.deep.equal([]);
    });
  }

  it('of packages are made where each belongs', () => {
    const packages = imports.filter(({ imported }) => !/^node:|^(lib|fields|serializers|commands)\//.test(imported));
    expect(packages.filter(({ file, imported }) => !isIn(file, PACKAGES[imported]))).to.deep.equal([]);
    for (const name of Object.keys(PACKAGES)) expect(packages.map(({ imported }) => imported)).to.include(name);
  });
});
