import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from './auto-close.js';
import { unique } from './brokers.js';
import { isRunning } from './is-running.js';
import { Ledger } from './ledger.js';
import { rabbitUrl } from './rabbitmq.js';
import { rejection } from './rejection.js';
import { until } from './until.js';
import { startWorker } from './worker-process.js';

const ECHO = new URL('../faults/tasks/echo.js', import.meta.url);

describe('a worker process', function () {
  this.timeout(30_000);

  const environment = () => ({
    BGTASKS_URL: rabbitUrl(),
    BGTASKS_TEST_ROUTE: unique('process'),
    BGTASKS_TEST_LEDGER: autoClose(new Ledger()).path,
  });

  it('consumes once it is started, and ends when it is told', async () => {
    const env = environment();
    const worker = autoClose(await startWorker(ECHO, env));
    const api = autoClose(new Service({ url: rabbitUrl(), logger: silentLogger }));
    expect(await api.call(env.BGTASKS_TEST_ROUTE, { id: 7 })).to.deep.equal({ id: 7, pid: worker.pid });
    expect(new Ledger(env.BGTASKS_TEST_LEDGER).unexpected()).to.deep.equal(['7']);
    expect(await worker.stop()).to.equal(0);
  });

  it('that cannot start is an error that shows its output', async () => {
    const error = await rejection(startWorker(new URL('./missing.js', import.meta.url)));
    expect(String(error)).to.contain('missing.js');
  });

  it('ends with the test run, however that ended', async () => {
    const source = `
      import { startWorker } from ${JSON.stringify(new URL('./worker-process.js', import.meta.url).href)};
      console.log((await startWorker(new URL(${JSON.stringify(ECHO.href)}))).pid);`;
    const env = { ...process.env, ...environment() };
    const run = spawn(process.execPath, ['--input-type=module', '--eval', source], { env });
    const [pid] = (await once(run.stdout, 'data')) as [Buffer];
    run.kill('SIGKILL');
    await until(async () => !(await isRunning(Number(pid))));
  });
});
