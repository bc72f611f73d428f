import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { FIXTURES, LOADER, load, project, removeProjects } from './project.js';

const ESM = { 'package.json': '{ "type": "module" }' };
const COMMONJS = { 'package.json': '{}' };
const KINDS = [
  ['an ES module', ESM],
  ['CommonJS', COMMONJS],
] as const;

/** A decorator `@Type` that prints the metadata of each property, in place of a package. */
const METADATA = {
  'metadata.ts': `
    const reflect = Reflect as unknown as { metadata: unknown };
    reflect.metadata = (key: string, value: Function) => (_: object, name: string) => {
      if (key === 'design:type') console.log(name, value.name);
    };
    export function Type(..._: unknown[]): void {}`,
};

/** What the last of `files` prints. */
function run(files: Readonly<Record<string, string>>): readonly string[] {
  const cwd = project(files);
  const { error, printed } = load(cwd, Object.keys(files).slice(-1));
  expect(error?.message).to.equal(undefined);
  return printed;
}

describe('TypeScript', () => {
  after(removeProjects);

  describe('entities of TypeORM', () => {
    const rows = [
      {
        id: 1,
        name: 'Tom',
        isActive: true,
        role: 'admin',
        born: '1970-01-01T00:00:00.000Z',
        address: { city: 'Oslo' },
        photos: [{ id: 1, path: '/tom.jpg' }],
      },
    ];
    const types = {
      id: 'Number',
      name: 'String',
      isActive: 'Boolean',
      role: 'String',
      born: 'Date',
      address: 'simple-json',
    };
    for (const kind of ['esm', 'commonjs']) {
      it(`get the types of their columns from metadata (${kind})`, () => {
        const { printed, error } = load(join(FIXTURES, kind), ['src/main.ts']);
        expect(error?.message).to.equal(undefined);
        expect(JSON.parse(printed.join(''))).to.deep.equal({ rows, types });
      });
    }
  });

  describe('in an ES module project', () => {
    it('takes ./a.js for a.ts, ./b.mjs for b.mts and ./c.cjs for c.cts', () => {
      const printed = run({
        ...ESM,
        'a.ts': 'export const a: string = "a";',
        'b.mts': 'export const b: string = "b";',
        'c.cts': 'export const c: string = "c";',
        'd.js': 'export const d = "d";',
        'tasks.ts': `
          import { a } from './a.js';
          import { b } from './b.mjs';
          import { c } from './c.cjs';
          import { d } from './d.js';
          console.log(a, b, c, d);`,
      });
      expect(printed).to.deep.equal(['a b c d']);
    });

    it('takes names without an ending, folders, real names and dynamic imports', () => {
      const printed = run({
        ...ESM,
        'a.ts': 'export const a: string = "a";',
        'b/index.ts': 'export const b: string = "b";',
        'tasks.ts': `
          import { a } from './a';
          import { b } from './b';
          const again = await import('./a.ts');
          console.log(a, b, again.a, import.meta.url.endsWith('/tasks.ts'));`,
      });
      expect(printed).to.deep.equal(['a b a true']);
    });

    it('keeps import attributes', () => {
      const tasks = 'import data from "./data.json" with { type: "json" }; console.log(data.a as number);';
      expect(run({ ...ESM, 'data.json': '{ "a": 1 }', 'tasks.ts': tasks })).to.deep.equal(['1']);
    });

    it('shares one instance with the CommonJS TypeScript that it imports', () => {
      const printed = run({
        ...COMMONJS,
        'state.ts': 'console.log("state"); export const state: { n: number } = { n: 0 }; export default "std";',
        'deep/index.ts': 'export * from "../state"; export enum Deep { A = "deep" }',
        'counter.ts': 'import { state } from "./state"; state.n += 1;',
        'tasks.mts': `
          import './counter.js';
          import { Deep, state } from './deep/index.js';
          import whole from './state.js';
          console.log(state.n, Deep.A, Object.keys(whole).sort().join());`,
      });
      expect(printed).to.deep.equal(['state', '1 deep default,state']);
    });
  });

  describe('in a CommonJS project', () => {
    it('requires names without an ending, folders and ./a.js for a.ts', () => {
      const printed = run({
        ...COMMONJS,
        'a.ts': 'export const a: string = "a";',
        'b/index.ts': 'export * from "./inner"; export default "standard";',
        'b/inner.ts': 'export const b: string = "b";',
        'c.cts': 'export = "c";',
        'tasks.ts': `
          import { a } from './a.js';
          import standard, { b } from './b';
          import c = require('./c.cjs');
          const { a: again } = require('./a') as { a: string };
          console.log(a, b, standard, c, again, __dirname.length > 0, __filename.endsWith('tasks.ts'));`,
      });
      expect(printed).to.deep.equal(['a b standard c a true true']);
    });

    it('runs scripts that set module.exports', () => {
      const a = 'const path: string = require("node:path").sep; module.exports = { path };';
      expect(run({ ...COMMONJS, 'a.ts': a, 'tasks.ts': 'console.log(Object.keys(require("./a")));' })).to.deep.equal([
        "[ 'path' ]",
      ]);
    });

    it('is assumed without a package.json', () => {
      expect(run({ 'tasks.ts': 'console.log(typeof require as string);' })).to.deep.equal(['function']);
    });

    it('shares an ES module package with those who import it', () => {
      const printed = run({
        ...COMMONJS,
        'node_modules/esm/package.json': '{ "type": "module", "exports": "./index.js" }',
        'node_modules/esm/index.js': 'import { inner } from "./inner.js"; export const state = { inner };',
        'node_modules/esm/inner.js': 'console.log("once"); export const inner = 1;',
        'a.mts': 'import { state } from "esm"; export const imported: unknown = state;',
        'tasks.ts': `
          import { state } from 'esm';
          import('./a.mjs').then(({ imported }) => import('esm').then((esm) => console.log(esm.state === state, imported === state)));`,
      });
      expect(printed).to.deep.equal(['once', 'true true']);
    });

    it('calls what was imported with `import * as`, with and without esModuleInterop', () => {
      const printed = run({
        ...COMMONJS,
        'express.js': 'module.exports = () => "app"; module.exports.Router = class Router {};',
        'plain.js': 'module.exports = { a: 1 };',
        'tasks.ts': `
          import * as express from './express';
          import standard, { Router } from './express';
          import * as plain from './plain';
          const late = import('./express');
          console.log(express(), standard(), new express.Router() instanceof Router, plain.a, plain.default.a);
          late.then((module) => console.log(module.default()));`,
      });
      expect(printed).to.deep.equal(['app app true 1 1', 'app']);
    });

    it('imports a module by its URL', () => {
      const a = 'export const a: string = "a";';
      const tasks = `
        import { pathToFileURL } from 'node:url';
        import(pathToFileURL(__dirname + '/a.ts').href).then(({ a }) => console.log(a));`;
      expect(run({ ...COMMONJS, 'a.ts': a, 'tasks.ts': tasks })).to.deep.equal(['a']);
    });
  });

  for (const [kind, packageJson] of KINDS) {
    describe(`as ${kind}`, () => {
      const end = packageJson === ESM ? '.js' : '';

      it('compiles enums, namespaces, parameter properties, satisfies and import type', () => {
        const printed = run({
          ...packageJson,
          'types.ts':
            'export interface Named { name: string } export const enum Size { Big = 9 } export type Id = number;',
          'tasks.ts': `
            import type { Id } from './types${end}';
            import { Named, Size } from './types${end}';
            enum Color { Red = 'red' }
            const enum Flag { On = 1 }
            namespace Box { export const depth = 2 as Id; }
            class User { upper = this.name.toUpperCase(); constructor(readonly name: string) {} }
            const user = new User('tom') satisfies Named;
            console.log(Color.Red, Flag.On, Box.depth, user.upper, Size.Big);`,
        });
        expect(printed).to.deep.equal(['red 1 2 TOM 9']);
      });

      it('leaves no property for a field without a value', () => {
        const tasks = 'class User { id!: number; name = "Tom"; } console.log(JSON.stringify(Object.keys(new User())));';
        expect(run({ ...packageJson, 'tasks.ts': tasks })).to.deep.equal(['["name"]']);
      });

      it('leaves out imports that are types alone', () => {
        const tasks = `import { Gone } from './gone${end}'; const a: Gone = 1; console.log(a);`;
        expect(run({ ...packageJson, 'tasks.ts': tasks })).to.deep.equal(['1']);
      });

      it('emits for types of other files what tsc emits, imported with or without `type`', () => {
        const printed = run({
          ...packageJson,
          ...METADATA,
          'types.ts': `
            export interface Shape { a: 1 }
            export enum Text { A = 'a', B = 'b' }
            export enum Num { A, B = 7 }
            export enum Mixed { A = 'a', B = 1 }
            export class Real {}
            export default interface Standard { a: 1 }`,
          'tasks.ts': `
            import { Type } from './metadata${end}';
            import Standard, { // the default is an interface
              Shape, /* an interface */ Text as Label, Num, Mixed,
              Real,
            } from './types${end}';
            import type { Shape as Typed } from './types${end}';
            import * as types from './types${end}';
            class Entity {
              @Type() shape!: Shape;
              @Type() standard!: Standard;
              @Type() typed!: Typed;
              @Type() label!: Label;
              @Type() num!: Num;
              @Type() mixed!: Mixed;
              @Type() real!: Real;
              @Type() below!: types.Real;
              @Type() belowShape!: types.Shape;
              @Type() list!: Shape[];
              @Type() maybe?: string;
              @Type() date!: Date;
            }
            new Entity();
            console.log(new Error().stack!.split('\\n')[1]!.replace(/.*tasks|\\)$/g, ''));`,
        });
        expect(printed).to.deep.equal([
          'shape Object',
          'standard Object',
          'typed Object',
          'label String',
          'num Number',
          'mixed Object',
          'real Real',
          'below Real',
          'belowShape Object',
          'list Array',
          'maybe String',
          'date Date',
          '.ts:24:25',
        ]);
      });

      it('emits Object for a class of a circle that is not there yet', () => {
        const entity = (own: string, other: string) => `
          import { Type } from './metadata${end}';
          import { ${other} } from './${other}${end}';
          export class ${own} { @Type(() => ${other}) other!: ${other}; }`;
        const printed = run({
          ...packageJson,
          ...METADATA,
          'User.ts': entity('User', 'Photo'),
          'Photo.ts': entity('Photo', 'User'),
          'tasks.ts': `import './User${end}';`,
        });
        expect(printed).to.deep.equal(['other Object', 'other Photo']);
      });

      it('wins over a loader that was there before', () => {
        const cwd = project({
          ...packageJson,
          ...METADATA,
          'other.mjs': `
            import Module, { register } from 'node:module';
            Module._extensions['.ts'] = (module, file) => module._compile('console.log("other")', file);
            register('./other-hooks.mjs', import.meta.url);`,
          'other-hooks.mjs': `
            export const load = (url, context, next) => url.endsWith('.ts')
              ? { format: 'module', source: 'console.log("other")', shortCircuit: true } : next(url, context);`,
          'tasks.ts': `import { Type } from './metadata${end}'; class A { @Type() a!: string }`,
        });
        const flags = ['--import', pathToFileURL(join(cwd, 'other.mjs')).href];
        expect(load(cwd, ['tasks.ts'], LOADER, flags)).to.deep.equal({ printed: ['a String'] });
      });
    });
  }

  describe('its compiler', () => {
    const tasks = 'const a: string = "compiled"; console.log(a);';

    it('is the @swc/core of the application, where it has one', () => {
      const printed = run({
        ...ESM,
        'node_modules/@swc/core/package.json': '{ "main": "index.cjs" }',
        'node_modules/@swc/core/index.cjs':
          'exports.transformSync = () => ({ code: "console.log(`own`)", map: "{}" });',
        'tasks.ts': tasks,
      });
      expect(printed).to.deep.equal(['own']);
    });

    it('is that beside this package otherwise', () => {
      expect(run({ ...ESM, 'tasks.ts': tasks })).to.deep.equal(['compiled']);
    });

    it('is asked for by name where there is none', () => {
      const cwd = project({ ...ESM, 'tasks.ts': tasks, 'tasks.js': 'console.log("js");' });
      cpSync(fileURLToPath(new URL('..', LOADER)), join(cwd, 'lib'), { recursive: true });
      const loader = pathToFileURL(join(cwd, 'lib/loader/'));
      expect(load(cwd, ['tasks.js'], loader)).to.deep.equal({ printed: ['js'] });
      const { error } = load(cwd, ['tasks.ts'], loader);
      expect(error?.code).to.equal('MISSING_PEER');
      expect(error?.message).to.equal(
        'Loading TypeScript needs the package "@swc/core". Run `npm install --save-dev @swc/core`, ' +
          'or compile first and give the JavaScript, as in `npx bgtasks tasks dist/tasks`.',
      );
    });

    it('is registered once', () => {
      const script = `
        import Module from 'node:module';
        import { registerTypeScript } from '${new URL('typescript.js', LOADER).href}';
        registerTypeScript();
        const first = Module._resolveFilename;
        registerTypeScript();
        console.log(first === Module._resolveFilename);`;
      expect(run({ ...ESM, 'register.mjs': script })).to.deep.equal(['true']);
    });
  });
});
