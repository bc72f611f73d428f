/** What children load, and what is said where they cannot. */
import { Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import type { ChildEvents, Launch } from '../../lib/worker/pool/child.js';
import { Pool } from '../../lib/worker/pool/pool.js';
import { Application } from '../commands/application.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';

const PACKAGE = '{"type":"module"}';
const POOL = ['--pool', 'process', '--workers', '1'];

describe('the children of a pool', function () {
  this.timeout(60_000);
  const environment = () => ({ BGTASKS_URL: rabbitUrl() });

  const ask = async (route: string) => {
    const api = autoClose(new Service({ url: rabbitUrl() }));
    return api.call(route, null, { timeoutMs: 20_000 });
  };

  for (const pool of ['process', 'thread']) {
    it(`load TypeScript and the config module, in a pool of kind ${pool}`, async () => {
      const route = unique('typescript');
      const app = autoClose(
        new Application({
          'package.json': PACKAGE,
          'bgtasks.config.ts': `import { configure } from 'bgtasks';\nconfigure({ pool: '${pool}', workers: 1 });`,
          'tasks.ts': `import { rpcTask } from 'bgtasks';
enum Where { child = 'child' }
rpcTask('${route}')((): string => Where.child);`,
        }),
      );
      app.link('@swc/core', '@swc/types', '@swc/counter');
      const worker = app.start(['tasks'], environment());
      await worker.says('Serving');
      expect(await ask(route)).to.equal('child');
      worker.kill('SIGTERM');
      expect((await worker.finished).code).to.equal(0);
    });
  }

  const SERVICE = (route: string, settings: string) => `import { Service } from 'bgtasks';
export const service = new Service({ pool: 'process', workers: 1, ${settings} });
service.rpcTask('${route}')(() => [import.meta.filename, process.send !== undefined]);
await service.start();
if (!process.send) console.log('started');`;

  it('load the program of a service that was started in code, and start nothing in it', async () => {
    const route = unique('program');
    const app = autoClose(
      new Application({ 'package.json': PACKAGE, 'main.js': SERVICE(route, `url: '${rabbitUrl()}'`) }),
    );
    const program = app.startNode('main.js');
    await program.says('started');
    expect(await ask(route)).to.deep.equal([`${app.folder}/main.js`, true]);
    program.kill('SIGTERM');
    await program.finished;
  });

  it('take the flags of Node over, without those of the parent alone and their values', async () => {
    const route = unique('flags');
    const main = SERVICE(route, `url: '${rabbitUrl()}'`).replace(/\(\) => .*\);/, '() => process.execArgv);');
    const app = autoClose(new Application({ 'package.json': PACKAGE, 'main.js': main }));
    const flags = ['--cpu-prof', '--cpu-prof-dir', app.folder, '--inspect-port=0', '--conditions', 'own'];
    const program = app.startNode('main.js', {}, flags);
    await program.says('started');
    expect(await ask(route)).to.deep.equal(['--conditions', 'own']);
    program.kill('SIGTERM');
    await program.finished;
  });

  it('write numbers as the setting "json" says', async () => {
    const route = unique('numbers');
    const json = { nonFinite: 'number', bigIntegers: 'bigint' } as const;
    const settings = `url: '${rabbitUrl()}', json: ${JSON.stringify(json)}`;
    const answer = '() => ({ none: [NaN, -Infinity], big: 2n ** 70n, large: 1e20, text: "NaN" }));';
    const main = SERVICE(route, settings).replace(/\(\) => .*\);/, answer);
    const app = autoClose(new Application({ 'package.json': PACKAGE, 'main.js': main }));
    const program = app.startNode('main.js');
    await program.says('started');
    const api = autoClose(new Service({ url: rabbitUrl(), json }));
    expect(await api.call(route, null, { timeoutMs: 20_000 })).to.deep.equal({
      none: [Number.NaN, -Infinity],
      big: 2n ** 70n,
      large: 10n ** 20n,
      text: 'NaN',
    });
    program.kill('SIGTERM');
    await program.finished;
  });

  it('load the modules of the setting "tasks" instead, where there is one', async () => {
    const route = unique('setting');
    const app = autoClose(
      new Application({
        'package.json': PACKAGE,
        'service.js': `import { Service } from 'bgtasks';
export const service = new Service({ url: '${rabbitUrl()}', pool: 'process', workers: 1, tasks: ['service.js'] });
service.rpcTask('${route}')(() => process.argv[1].includes('pool-child'));`,
        'main.js': `if (process.send) throw new Error('the program is not loaded');
const { service } = await import('./service.js');
await service.start();
console.log('started');`,
      }),
    );
    const program = app.startNode('main.js');
    await program.says('started');
    expect(await ask(route)).to.equal(true);
    program.kill('SIGTERM');
    await program.finished;
  });

  it('that do not know a task keep the worker from starting, in one line', async () => {
    const app = autoClose(
      new Application({
        'package.json': PACKAGE,
        'tasks.js': `import { rpcTask } from 'bgtasks';\nif (!process.send) rpcTask('${unique('parent')}')(() => 1);`,
      }),
    );
    const { code, error } = await app.run(['tasks', ...POOL], environment());
    expect(code).to.equal(1);
    expect(error).to.match(/^bgtasks: "parent\..+" \(tasks\.js:2:.+\) runs in a pool, .+ setting "tasks".+\n$/);
  });

  it('that cannot load a module keep the worker from starting, in one line', async () => {
    const app = autoClose(
      new Application({
        'package.json': PACKAGE,
        'tasks.js': `import { rpcTask } from 'bgtasks';
rpcTask('x')(() => 1);
if (process.send) throw new Error('no database');`,
      }),
    );
    const { code, error } = await app.run(['tasks', ...POOL], environment());
    expect(code).to.equal(1);
    expect(error).to.match(/^bgtasks: A child of the pool: Cannot load tasks\.js: no database \(.+\)\n$/);
  });

  it('that cannot load a module in the place of one that was lost are started again', async () => {
    const route = unique('again');
    const app = autoClose(
      new Application({
        'package.json': PACKAGE,
        'tasks.js': `import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { rpcTask } from 'bgtasks';
rpcTask('${route}')((how) => {
  if (how === 'die') writeFileSync('broken', '');
  if (how === 'die') process.exit(7);
  return 'again';
});
if (process.send && existsSync('broken')) {
  rmSync('broken');
  throw new Error('no database');
}`,
      }),
    );
    const worker = app.start(['tasks', ...POOL], environment());
    await worker.says('Serving');
    const api = autoClose(new Service({ url: rabbitUrl() }));
    await rejection(api.call(route, 'die', { timeoutMs: 20_000 }));
    expect(await api.call(route, null, { timeoutMs: 20_000 })).to.equal('again');
    expect(worker.error).to.include('no database');
    worker.kill('SIGTERM');
    await worker.finished;
  });

  it('that the system has no room for are tried again', async () => {
    const reasons: unknown[] = [];
    const log = { ...silentLogger, error: (facts: { reason?: unknown }) => void reasons.push(facts.reason) };
    const ends: ChildEvents['onEnd'][] = [];
    const launch: Launch = ({ onMessage, onEnd }) => {
      if (ends.length === 1 && reasons.length < 2) throw new Error('spawn ENOMEM');
      ends.push(onEnd);
      setImmediate(() => onMessage({ type: 'ready', routes: ['x'] }));
      return { name: 'child', send: ({ type }) => type === 'stop' && onEnd('exit code 0'), kill: () => {} };
    };
    const origin = { serviceName: undefined, urls: [] };
    const limits = { size: 1, share: 1, maxTasks: undefined, maxMemoryMb: undefined };
    const pool = new Pool({ launch, modules: [], origin, ...limits, json: undefined, log });
    autoClose({ close: () => pool.close(0) });
    await pool.start();
    ends[0]?.('SIGKILL');
    await until(() => ends.length === 2);
    expect(reasons).to.deep.equal([undefined, 'spawn ENOMEM']);
    expect(pool.size).to.equal(1);
  });

  for (const pool of ['process', 'thread']) {
    it(`that still load do not keep a worker that is told to stop, in a pool of kind ${pool}`, async () => {
      const app = autoClose(
        new Application({
          'package.json': PACKAGE,
          'tasks.js': `import { isMainThread } from 'node:worker_threads';
import { rpcTask } from 'bgtasks';
rpcTask('x')(() => 1);
if (process.send || !isMainThread) {
  console.log('a child loads');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}`,
        }),
      );
      const worker = app.start(['tasks', '--pool', pool, '--workers', '1'], environment());
      await worker.says('a child loads');
      const startedAt = performance.now();
      worker.kill('SIGTERM');
      expect((await worker.finished).code).to.equal(0);
      expect(performance.now() - startedAt).to.be.below(10_000);
    });
  }

  it('that end while they load keep the worker from starting, in one line', async () => {
    const app = autoClose(
      new Application({
        'package.json': PACKAGE,
        'tasks.js': `import { rpcTask } from 'bgtasks';
rpcTask('x')(() => 1);
if (process.send) process.exit(4);`,
      }),
    );
    const { code, error } = await app.run(['tasks', ...POOL], environment());
    expect(code).to.equal(1);
    expect(error).to.match(
      /^bgtasks: A child of the pool \(process \d+\) ended with exit code 4 while it loaded .+\n$/,
    );
  });
});

describe('wrong options of a pool', function () {
  this.timeout(60_000);
  const start = (args: readonly string[], options = '') => {
    const task = `import { rpcTask } from 'bgtasks';\nrpcTask('${unique('wrong')}', { ${options} })(() => 1);`;
    const app = autoClose(new Application({ 'package.json': PACKAGE, 'tasks.js': task }));
    return app.run(['tasks', ...args], { BGTASKS_URL: rabbitUrl() });
  };

  for (const [name, args, options, expected] of [
    ['an unknown pool', ['--pool', 'fibre'], '', /'fibre' is invalid\. Allowed choices are inline, thread, process/],
    ['an unknown pool of a task', [], `pool: 'fibre'`, /"pool" must be one of inline, thread, process, not "fibre"/],
    ['maxTasksPerChild without a pool', ['--max-tasks-per-child', '2'], '', /"maxTasksPerChild" is for processes/],
    [
      'maxTasksPerChild of threads',
      ['--pool', 'thread', '--max-tasks-per-child', '2'],
      '',
      /"maxTasksPerChild" is for/,
    ],
    ['no workers', ['--pool', 'process', '--workers', '0'], '', /--workers must be a whole number from 1/],
  ] as const) {
    it(`end the command with one line: ${name}`, async () => {
      const { code, error } = await start(args, options);
      expect(code).to.be.within(1, 2);
      expect(error).to.match(expected);
      expect(error.trim().split('\n')).to.have.length(1);
    });
  }

  it('are refused where they are given', async () => {
    const wrong = [
      { pool: 'fibre' },
      { workers: 0 },
      { maxTasksPerChild: 1.5 },
      { maxMemoryMb: -1 },
      { greedy: 'yes' },
    ];
    for (const options of wrong) {
      const make = async () => new Service(options as object);
      expect(await rejection(make())).to.have.property('code', 'INVALID_SETTING');
    }
  });
});
