import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { countLine } from './reporter.js';

const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const SETUP = new URL('./setup.js', import.meta.url).href;
const REPORTER = fileURLToPath(new URL('./reporter.js', import.meta.url));

interface Run {
  readonly code: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
  readonly lastLine: string | undefined;
}

interface Case {
  readonly tests: string;
  /** Module with global fixtures. */
  readonly setup?: string;
  readonly stillOpenMs?: number;
}

/** Runs mocha on these sources, without the project's configuration and so without RabbitMQ. */
async function runMocha({ tests, setup = '', stillOpenMs = 10_000 }: Case): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'bgtasks-reporter-'));
  try {
    await writeFile(join(folder, 'tests.mjs'), tests);
    await writeFile(join(folder, 'setup.mjs'), setup);
    const reporter = ['--reporter', REPORTER, '--reporter-option', `stillOpenMs=${stillOpenMs}`];
    const files = ['--require', join(folder, 'setup.mjs'), join(folder, 'tests.mjs')];
    const args = [MOCHA, '--no-config', '--no-package', ...reporter, ...files];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, output: out + err, lastLine: out.trimEnd().split('\n').at(-1) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('reporter', () => {
  it('counts pending tests as skipped', () => {
    expect(countLine({ passes: 12, failures: 0, pending: 1 })).to.equal('12 passed, 0 failed, 1 skipped');
  });

  it('ends with the counts, after what a teardown writes', async () => {
    const run = await runMocha({
      tests: `it('passes', () => {}); it('is not written yet');`,
      setup: `export const mochaGlobalTeardown = () => console.log('a late word');`,
    });
    expect(run.output).to.contain('a late word');
    expect(run).to.deep.include({ code: 0, lastLine: '1 passed, 0 failed, 1 skipped' });
  });

  it('counts a failed test and a failed hook', async () => {
    const run = await runMocha({
      tests: `
        it('fails', () => { throw new Error('on purpose'); });
        describe('hook', () => {
          before(() => { throw new Error('on purpose'); });
          it('never runs', () => {});
        });`,
    });
    expect(run).to.deep.include({ code: 2, lastLine: '0 passed, 2 failed, 0 skipped' });
  });

  for (const [fixture, passed] of [
    ['Setup', 0],
    ['Teardown', 1],
  ] as const) {
    it(`counts a failed global ${fixture.toLowerCase()} as one failure`, async () => {
      const run = await runMocha({
        tests: `it('passes', () => {});`,
        setup: `export function mochaGlobal${fixture}() { throw new Error('on purpose'); }`,
      });
      expect(run.output).to.contain('on purpose');
      expect(run).to.deep.include({ code: 1, lastLine: `${passed} passed, 1 failed, 0 skipped` });
    });
  }

  for (const [moment, tests, setup] of [
    ['in the global teardown', '', `export const mochaGlobalTeardown = () => new Promise(() => setTimeout(fail));`],
    ['after the run', `process.once('beforeExit', fail);`, ''],
  ] as const) {
    it(`counts an error ${moment} that nobody catches as one failure`, async () => {
      const fail = `globalThis.fail = () => { throw new Error('on purpose'); };`;
      const run = await runMocha({ tests: `it('passes', () => {}); ${tests}`, setup: fail + setup });
      expect(run.output).to.contain('on purpose');
      expect(run).to.deep.include({ code: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
    });
  }

  it('counts a process that a test ends as one failure', async () => {
    const run = await runMocha({ tests: `it('passes', () => {}); it('leaves', () => process.exit(0));` });
    expect(run).to.deep.include({ code: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
  });

  it('ends a process that left something open, and says what', async () => {
    const run = await runMocha({
      tests: `import { createServer } from 'node:net'; it('passes', () => void createServer().listen(0));`,
      stillOpenMs: 200,
    });
    expect(run.output).to.match(/Still open: .*TCPServerWrap/);
    expect(run).to.deep.include({ code: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
  });
});

describe('setup', () => {
  it('fails the test during which a rejection is lost', async () => {
    const run = await runMocha({
      tests: `
        it('loses one', () => { Promise.reject(new Error('on purpose')); return new Promise(() => {}); });
        it('passes', () => {});`,
      setup: `export * from '${SETUP}';`,
    });
    expect(run.output).to.contain('on purpose');
    expect(run).to.deep.include({ code: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
  });
});
