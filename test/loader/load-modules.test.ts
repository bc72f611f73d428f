import { join } from 'node:path';
import { expect } from 'chai';
import { load, project, removeProjects } from './project.js';

const ESM = { 'package.json': '{ "type": "module" }' };
const COMMONJS = { 'package.json': '{}' };

describe('loadModules', () => {
  after(removeProjects);

  it('imports JavaScript in the given order, each file once', () => {
    const say = (name: string) => `console.log('${name}');`;
    const cwd = project({ ...ESM, 'a.js': say('a'), 'b.cjs': say('b'), 'c.mjs': `import './a.js'; ${say('c')}` });
    expect(load(cwd, ['b.cjs', 'c.mjs', 'a.js', 'b.cjs'])).to.deep.equal({ printed: ['b', 'a', 'c'] });
  });

  it('imports TypeScript of both kinds in the given order, each file once', () => {
    const say = (name: string) => `const name: string = '${name}'; console.log(name);`;
    const cwd = project({ ...ESM, 'a.ts': say('a'), 'b.cts': say('b'), 'c.mts': `import './a.js'; ${say('c')}` });
    expect(load(cwd, ['b.cts', 'c.mts', 'a.ts', 'b.cts'])).to.deep.equal({ printed: ['b', 'a', 'c'] });
  });

  it('stops at the first module that fails', () => {
    const cwd = project({ ...ESM, 'a.js': 'throw new Error("no")', 'b.js': 'console.log("b")' });
    expect(load(cwd, ['a.js', 'b.js']).printed).to.deep.equal([]);
  });

  const broken = 'const a = 1;\nconst b = ;\n';
  const thrown =
    'interface Never { a: 1 }\n\nfunction fail(): never {\n  throw new RangeError("two\\nlines");\n}\nfail();\n';
  const cases: [string, Record<string, string>, string, string][] = [
    [
      'a syntax error of an ES module',
      { ...ESM, 'a.js': broken },
      'a.js',
      "SyntaxError: Unexpected token ';' (a.js:2)",
    ],
    [
      'a broken package.json',
      { 'package.json': '{ "type": ', 'a.ts': 'export {}' },
      'a.ts',
      '<cwd>/package.json is no JSON object, and its "type" says how TypeScript is compiled. Mend it.',
    ],
    [
      'a syntax error of CommonJS',
      { ...COMMONJS, 'a.js': broken },
      'a.js',
      "SyntaxError: Unexpected token ';' (a.js:2)",
    ],
    ['a syntax error of TypeScript', { ...ESM, 'a.ts': broken }, 'a.ts', 'SyntaxError: Expression expected (a.ts:2)'],
    [
      'a syntax error of CommonJS TypeScript',
      { ...COMMONJS, 'a.ts': broken },
      'a.ts',
      'SyntaxError: Expression expected (a.ts:2)',
    ],
    [
      'a syntax error of an imported JavaScript module',
      { ...ESM, 'a.js': 'import "./b.js"', 'b.js': broken },
      'a.js',
      "SyntaxError: Unexpected token ';' (in a module that it imports)",
    ],
    [
      'a syntax error of an imported TypeScript module',
      { ...ESM, 'a.ts': 'import "./b.js"', 'b.ts': broken },
      'a.ts',
      'SyntaxError: Expression expected (b.ts:2)',
    ],
    [
      'a name that is not exported',
      { ...ESM, 'a.js': 'import { b } from "./b.js"', 'b.js': '' },
      'a.js',
      "SyntaxError: The requested module './b.js' does not provide an export named 'b' (a.js:1)",
    ],
    [
      'a missing package',
      { ...ESM, 'a.js': 'import "no-such-package"' },
      'a.js',
      "Cannot find package 'no-such-package' imported from <cwd>/a.js",
    ],
    [
      'a missing file',
      { ...ESM, 'a.ts': 'import "./b.js"' },
      'a.ts',
      "Cannot find module '<cwd>/b.js' imported from <cwd>/a.ts",
    ],
    [
      'a missing file of CommonJS',
      { ...COMMONJS, 'a.ts': 'import "./b"', 'b.ts': 'import "./c"' },
      'a.ts',
      "Cannot find module './c' (required by b.ts)",
    ],
    ['an error, on one line', { ...ESM, 'a.ts': thrown }, 'a.ts', 'RangeError: two (a.ts:4:9)'],
    ['an error of CommonJS, on one line', { ...COMMONJS, 'a.ts': thrown }, 'a.ts', 'RangeError: two (a.ts:4:9)'],
    ['what is thrown and no error', { ...ESM, 'a.js': 'throw { a: 1 }' }, 'a.js', '{"a":1}'],
    [
      'a top-level await of CommonJS TypeScript',
      { ...COMMONJS, 'a.ts': 'export const a: number = await 1;' },
      'a.ts',
      'await is only valid in async functions and the top level bodies of modules ' +
        '(set "type": "module" in package.json, or name the file .mts: CommonJS cannot wait while it loads)',
    ],
  ];
  for (const [what, files, file, message] of cases) {
    it(`names the file and ${what}`, () => {
      const cwd = project(files);
      const { error } = load(cwd, [file]);
      expect(error?.code).to.equal('MODULE_FAILED');
      expect(error?.message).to.equal(`Cannot load ${file}: ${message.replaceAll('<cwd>', cwd)}`);
    });
  }

  it('keeps the error as its cause, with TypeScript lines in the stack', () => {
    for (const kind of [ESM, COMMONJS]) {
      const cwd = project({ ...kind, 'a.ts': thrown });
      const stack = load(cwd, ['a.ts']).error?.stack ?? '';
      expect(stack).to.match(/^RangeError: two\nlines\n/);
      expect(stack).to.include(`at fail (${join(cwd, 'a.ts')}:4:9)`);
    }
  });
});
