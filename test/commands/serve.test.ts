import { Service } from 'bgtasks';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { pause, until } from '../support/until.js';
import { Application } from './application.js';

describe('bgtasks serve', function () {
  this.timeout(30_000);

  /** An app whose endpoint calls a task that stands beside it and tells the process that ran it. */
  const server = (route: string) => `
    import { rpcTask, call } from 'bgtasks';
    import express from 'express';
    rpcTask('${route}')(() => process.pid);
    export const app = express();
    app.get('/', async (_request, response) => response.json({ here: process.pid, there: await call('${route}') }));
  `;

  const application = (files: Record<string, string>) => {
    const app = autoClose(new Application({ 'package.json': '{"type":"module"}', ...files }));
    app.link('express');
    return app;
  };

  const portOf = (out: string) => Number(/Listening on .*:(\d+)/.exec(out)?.[1]);

  it('listens with the app, and runs the worker of the same module beside it, without a second port', async () => {
    const app = application({
      'server.js': server(unique('serve')),
      'bgtasks.config.js': `import { configure } from 'bgtasks'; configure({ withAsync: true, url: '${rabbitUrl()}' });`,
    });
    const running = app.start(['serve', 'server.js', '--port', '0', '--host', '127.0.0.1']);
    await running.says('Serving 1 tasks');
    const response = await fetch(`http://127.0.0.1:${portOf(running.out)}/`);
    const { here, there } = (await response.json()) as { here: number; there: number };
    expect(there).to.be.a('number').and.not.equal(here);
    running.kill('SIGTERM');
    expect((await running.finished).code).to.equal(0);
    expect(isAlive(there)).to.equal(false);
  });

  it('serves inside its own process on the memory broker', async () => {
    const app = application({
      'server.js': server(unique('serve')),
      'bgtasks.config.js': `import { configure } from 'bgtasks'; configure({ withAsync: true, url: 'memory://' });`,
    });
    const running = app.start(['serve', 'server.js', '--port', '0', '--host', '127.0.0.1']);
    await running.says('Listening');
    const response = await fetch(`http://127.0.0.1:${portOf(running.out)}/`);
    const { here, there } = (await response.json()) as { here: number; there: number };
    expect(there).to.equal(here);
    running.kill('SIGINT');
    expect((await running.finished).code).to.equal(0);
  });

  it('runs no worker unless it is told to', async () => {
    const app = application({ 'server.js': server(unique('serve')) });
    const running = app.start(['serve', 'server.js', '--port', '0', '--host', '127.0.0.1']);
    await running.says('Listening');
    await pause(300);
    expect(running.out).to.not.contain('Serving');
    running.kill('SIGTERM');
    expect((await running.finished).code).to.equal(0);
  });

  it('says in one line what is wrong with the module', async () => {
    const app = application({ 'server.js': 'export const nothing = 1;' });
    const { code, error } = await app.run(['serve', 'server.js', '--port', '0']);
    expect(code).to.equal(1);
    expect(error).to.match(/^bgtasks: .*server\.js exports no app: .*\n$/);
  });
});

describe('a worker spawned beside an API', function () {
  this.timeout(30_000);

  /** An API that tells the process of its worker; with a way to crash. */
  const files = (route: string) => ({
    'package.json': '{"type":"module"}',
    'tasks.js': `import { rpcTask } from 'bgtasks'; rpcTask('${route}')(() => process.pid);`,
    'bgtasks.config.js': `import { configure } from 'bgtasks'; configure({ url: '${rabbitUrl()}' });`,
    'api.js': `
      import './bgtasks.config.js';
      import { spawnTasks } from 'bgtasks';
      const worker = await spawnTasks();
      setInterval(() => console.log('worker', worker.pid, worker.restarts), 50);
      process.on('SIGTERM', async () => { await worker.close(); process.exit(0); });
    `,
  });

  const start = async () => {
    const route = unique('spawned');
    const app = autoClose(new Application(files(route)));
    const running = app.startNode('api.js');
    const caller = autoClose(new Service({ url: rabbitUrl() }));
    await running.says('Serving');
    const pid = (await caller.call(route, null, { timeoutMs: 5000 })) as number;
    return { running, caller, route, pid };
  };

  it('is started again when it dies', async () => {
    const { caller, route, pid, running } = await start();
    process.kill(pid, 'SIGKILL');
    await until(() => /worker \d+ 1\n/.test(running.out));
    const next = await caller.call(route, null, { timeoutMs: 10_000 });
    expect(next).to.be.a('number').and.not.equal(pid);
  });

  it('is finished and ended with close()', async () => {
    const { running, pid } = await start();
    running.kill('SIGTERM');
    expect((await running.finished).code).to.equal(0);
    expect(isAlive(pid)).to.equal(false);
  });

  it('ends when the API crashes', async () => {
    const { running, pid } = await start();
    running.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
