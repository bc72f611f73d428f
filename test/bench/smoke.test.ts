import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { rabbitUrl } from '../support/rabbitmq.js';

const run = promisify(execFile);
const ROOT = new URL('../../../', import.meta.url);
const TSC = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace('package.json', 'bin/tsc');

/** Without the packages of the peers, which only `bench/` installs. */
describe('the bench', () => {
  it('measures calls and jobs of raw amqplib and of ours', async function () {
    this.timeout(90_000);
    await run(process.execPath, [TSC, '-p', 'bench/tsconfig.smoke.json'], { cwd: ROOT });
    const env = { ...process.env, BENCH_URL: rabbitUrl() };
    const { stdout } = await run(process.execPath, ['dist/bench/smoke.js'], { cwd: ROOT, env });
    const rows = stdout.split('\n').filter((line) => line.startsWith('| bgtasks'));
    expect(stdout.split('\n').filter((line) => line.startsWith('| raw amqplib'))).to.have.length(3);
    expect(rows).to.have.length(3);
    for (const row of rows)
      expect(row)
        .to.match(/ x \|/)
        .and.not.match(/NaN|Infinity/);
  });
});
