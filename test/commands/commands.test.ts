import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { Service } from 'bgtasks';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { pause, until } from '../support/until.js';
import { Application } from './application.js';

const application = (files: Readonly<Record<string, string>>) => autoClose(new Application(files));

/** A task module that serves `route`. */
const task = (route: string, body = '({ got: body })') =>
  `import { rpcTask } from 'bgtasks';\nexport const task = rpcTask('${route}', { description: 'a task' })((body: unknown) => { console.log('running'); return ${body}; });\n`;

const esm = { 'package.json': '{"type":"module"}' };

describe('the command bgtasks', function () {
  this.timeout(30_000);

  it('shows its version and its help', async () => {
    const app = application(esm);
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(await app.run(['--version'])).to.deep.equal({ code: 0, out: `${version}\n`, error: '' });
    const help = await app.run(['tasks', '--help']);
    expect(help.code).to.equal(0);
    for (const flag of ['--url', '--concurrency', '--watch', '[paths...]']) expect(help.out).to.contain(flag);
  });

  for (const args of [
    ['tasks', '--concurrency', '0'],
    ['task'],
    ['call'],
    ['call', 'x', '{'],
    ['call', 'x', '1', '--timeout', 'soon'],
    ['ping', '--wait', '2147483648'],
  ]) {
    it(`refuses "${args.join(' ')}" with one line and exit code 2`, async () => {
      const { code, error } = await application(esm).run(args);
      expect(code).to.equal(2);
      expect(
        error
          .trim()
          .split('\n')
          .filter((line) => line.startsWith('error:')),
      ).to.have.length(1);
    });
  }

  describe('tasks', () => {
    for (const [what, manifest] of [
      ['an ES module', esm],
      ['a CommonJS', { 'package.json': '{}' }],
    ] as const) {
      it(`serves ${what} TypeScript project without a flag or a build, and drains on SIGTERM`, async () => {
        const route = unique('user.get');
        const source = task(route, 'new Promise((resolve) => setTimeout(() => resolve({ got: body }), 300))');
        const app = application({ ...manifest, 'tasks.ts': source });
        const worker = app.start(['tasks'], { BGTASKS_URL: rabbitUrl() });
        await worker.says('Serving 1 tasks');
        expect(worker.out).to.match(/ROUTE +KIND +PROTOCOL +REGISTERED AT +DESCRIPTION/);
        expect(worker.out).to.contain(route).and.to.contain('tasks.ts:2:').and.to.contain('a task');
        const api = autoClose(new Service({ url: rabbitUrl() }));
        const answer = api.call(route, [1]);
        await worker.says('running');
        worker.kill('SIGTERM');
        expect(await answer).to.deep.equal({ got: [1] });
        expect((await worker.finished).code).to.equal(0);
      });
    }

    it('runs TypeORM entities that rely on emitted metadata', async () => {
      const route = unique('images.get');
      const app = application({
        'package.json': '{}',
        'src/image.ts': `
          import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
          @Entity() export class Image { @PrimaryGeneratedColumn() id!: number; @Column() path!: string; }`,
        'src/tasks.ts': `
          import 'reflect-metadata';
          import { DataSource } from 'typeorm';
          import { configure, provide, rpcTask } from 'bgtasks';
          import { Image } from './image';
          const dataSource = new DataSource({ type: 'sqljs', entities: [Image], synchronize: true });
          configure({ serviceName: 'images', dataSource });
          export const getImages = rpcTask('${route}')(provide(dataSource.getRepository(Image)));
          rpcTask('${route}.add')(async (path: string) => dataSource.getRepository(Image).save({ path }));`,
      });
      app.link('typeorm', 'reflect-metadata', 'sql.js');
      const worker = app.start(['tasks'], { BGTASKS_URL: rabbitUrl() });
      await worker.says('Serving 2 tasks');
      const api = autoClose(new Service({ url: rabbitUrl() }));
      await api.call(`${route}.add`, '/7.jpg');
      expect(await api.call(route, [1, 5])).to.deep.equal({ status: 'success', data: [{ id: 1, path: '/7.jpg' }] });
      worker.kill('SIGINT');
      expect((await worker.finished).code).to.equal(0);
    });

    it('ends at once on a signal while it still connects', async () => {
      const silent = createServer(() => {}); // takes connections and says nothing
      autoClose({ close: async () => void silent.close() });
      await once(silent.listen(0, '127.0.0.1'), 'listening');
      const { port } = silent.address() as AddressInfo;
      const app = application({ ...esm, 'tasks.ts': `console.log('loaded');${task('x')}` });
      const worker = app.start(['tasks', '--url', `amqp://127.0.0.1:${port}/`]);
      await worker.says('loaded');
      await pause(200);
      const startedAt = performance.now();
      worker.kill('SIGTERM');
      expect((await worker.finished).code).to.equal(0);
      expect(performance.now() - startedAt).to.be.below(8000); // of the 10 seconds that connecting may take
    });

    it('serves on the memory broker until it is stopped', async () => {
      const app = application({ ...esm, 'tasks.ts': task('x') });
      const worker = app.start(['tasks', '--url', 'memory://']);
      await worker.says('Serving 1 tasks at memory://');
      await pause(100);
      worker.kill('SIGTERM');
      expect((await worker.finished).code).to.equal(0);
    });

    it('loads modules of folders with any name', async () => {
      const app = application({ ...esm, 'a 100% ü#/tasks.ts': task('x') });
      const { code, out } = await app.run(['routes', 'a 100% ü#/tasks.ts']);
      expect([code, out.includes('a 100% ü#/tasks.ts:2')]).to.deep.equal([0, true]);
    });

    it('drains although nobody reads its output any more', async () => {
      const route = unique('unread');
      const source = task(route, 'new Promise((resolve) => setTimeout(resolve, 500, "done"))');
      const app = application({ ...esm, 'tasks.ts': source });
      const worker = app.start(['tasks'], { BGTASKS_URL: rabbitUrl() });
      await worker.says('Serving');
      const api = autoClose(new Service({ url: rabbitUrl() }));
      const answer = api.call(route, null, { timeoutMs: 10_000 });
      await worker.says('running');
      worker.stopReading();
      worker.kill('SIGINT');
      expect(await answer).to.equal('done');
      expect((await worker.finished).code).to.equal(0);
    });

    it('stops at once on a second signal', async () => {
      const route = unique('stuck');
      const app = application({ ...esm, 'tasks.ts': task(route, 'new Promise(() => {})') });
      const worker = app.start(['tasks'], { BGTASKS_URL: rabbitUrl() });
      await worker.says('Serving');
      const api = autoClose(new Service({ url: rabbitUrl() }));
      api.call(route).catch(() => {});
      await worker.says('running');
      worker.kill('SIGINT');
      await worker.says('SIGINT: finishing what runs');
      worker.kill('SIGINT');
      expect((await worker.finished).code).to.equal(130);
    });

    it('exits with 1 where a handler does not end in time', async () => {
      const route = unique('stuck');
      const app = application({ ...esm, 'tasks.ts': task(route, 'new Promise(() => {})') });
      const worker = app.start(['tasks'], { BGTASKS_URL: rabbitUrl(), BGTASKS_DRAIN_MS: '50' });
      await worker.says('Serving');
      const api = autoClose(new Service({ url: rabbitUrl() }));
      api.call(route).catch(() => {});
      await worker.says('running');
      worker.kill('SIGTERM');
      const { code, error } = await worker.finished;
      expect(code).to.equal(1);
      expect(error).to.contain('closed while handlers were running');
    });

    it('takes paths, the tasks of the config, and its own settings before those of the config', async () => {
      const app = application({
        ...esm,
        'bgtasks.config.ts': `
          import { configure } from 'bgtasks';
          configure({ serviceName: 'shop', host: 'nowhere.invalid', tasks: ['served/*.ts'] });`,
        'served/a.ts': task(unique('config.a')),
        'other/b.ts': task(unique('given.b')),
        'tasks.ts': 'throw new Error("not to be loaded")',
      });
      const url = rabbitUrl();
      const configured = app.start(['tasks', '--url', url, '--concurrency', '5']);
      await configured.says('Serving 1 tasks');
      expect(configured.out).to.contain('config.a').and.to.not.contain('given.b');
      const given = app.start(['tasks', 'other', '--url', url]);
      await given.says('Serving 1 tasks');
      expect(given.out).to.contain('given.b');
    });

    it('restarts with --watch when a loaded file changes', async () => {
      const route = unique('watched');
      const app = application({ ...esm, 'tasks.ts': task(route, '1') });
      const worker = app.start(['tasks', '--watch'], { BGTASKS_URL: rabbitUrl() });
      await worker.says('Serving 1 tasks');
      const api = autoClose(new Service({ url: rabbitUrl() }));
      expect(await api.call(route)).to.equal(1);
      app.write('tasks.ts', task(route, '2'));
      await until(async () => (await api.call(route, null, { timeoutMs: 2000 }).catch(() => 0)) === 2);
      worker.kill('SIGTERM');
      expect((await worker.finished).code).to.equal(0);
    });

    it('drains with --watch on Ctrl-C, which the whole group gets', async () => {
      const route = unique('watched');
      const slow = 'new Promise((resolve) => setTimeout(() => resolve({ got: body }), 500))';
      const app = application({ ...esm, 'tasks.ts': task(route, slow) });
      const worker = app.start(['tasks', '--watch'], { BGTASKS_URL: rabbitUrl() }, true);
      await worker.says('Serving 1 tasks');
      const api = autoClose(new Service({ url: rabbitUrl() }));
      const answer = api.call(route, 1);
      await worker.says('running');
      worker.interrupt();
      expect(await answer).to.deep.equal({ got: 1 });
      expect((await worker.finished).code).to.equal(0);
    });

    it('exits with 1 where what --watch runs is killed', async () => {
      const told = `console.log('started by', process.ppid);`; // Node's watcher, which leads a group
      const app = application({ ...esm, 'tasks.ts': `${task('x')}\n${told}` });
      const worker = app.start(['tasks', '--watch', '--url', 'memory://']);
      await worker.says('Serving 1 tasks');
      process.kill(-Number(/started by (\d+)/.exec(worker.out)?.[1]), 'SIGKILL');
      expect((await worker.finished).code).to.equal(1);
    });

    describe('ends with one line and exit code 1', () => {
      const cases: readonly [string, Record<string, string>, readonly string[], Record<string, string>, RegExp][] = [
        ['where nothing is registered', {}, [], {}, /^bgtasks: no task is registered \(searched .*Name the modules/],
        [
          'where a module registers nothing',
          { 'tasks.ts': 'export {}' },
          [],
          {},
          /no task is registered \(loaded .*tasks\.ts/,
        ],
        ['where a path is not there', {}, ['nowhere.ts'], {}, /No task module at "nowhere\.ts"/],
        ['where a module throws', { 'tasks.ts': 'throw new Error("boom")' }, [], {}, /Cannot load tasks\.ts: .*boom/],
        ['where a module is no code', { 'tasks.ts': 'const = 1' }, [], {}, /Cannot load tasks\.ts: SyntaxError/],
        ['where a module lacks another', { 'tasks.ts': 'import "./gone.js"' }, [], {}, /Cannot load tasks\.ts: .*gone/],
        [
          'where a route is registered twice',
          { 'a.tasks.ts': task('x'), 'b.tasks.ts': task('x') },
          [],
          {},
          /"x" is registered twice: at a\.tasks\.ts:2:\d+, and at b\.tasks\.ts:2/,
        ],
        [
          'where a setting is wrong',
          { 'tasks.ts': task('x') },
          [],
          { BGTASKS_PORT: 'x' },
          /Setting "BGTASKS_PORT" must be/,
        ],
        [
          'where a dependency cannot be set up',
          {
            'tasks.ts': `import { dependency, rpcTask } from 'bgtasks';
              const db = dependency({ setup: () => { setInterval(() => {}, 1000); throw new Error('no\\ndatabase'); } });
              rpcTask('x', { deps: { db } })(() => 1);`,
          },
          ['--url', 'memory://'],
          {},
          /^bgtasks: The dependency "db" of the task "x" could not be set up: no database$/,
        ],
        [
          'where the broker cannot be reached',
          { 'tasks.ts': task('x') },
          ['--url', 'amqp://u:secret@127.0.0.1:1/'],
          {},
          /Cannot reach RabbitMQ at 127\.0\.0\.1:1.*BGTASKS_URL/,
        ],
      ];
      for (const [what, files, args, environment, line] of cases) {
        it(what, async () => {
          const { code, error } = await application({ ...esm, ...files }).run(['tasks', ...args], environment);
          expect(error.trim()).to.match(line).and.to.not.contain('\n').and.to.not.contain('secret');
          expect(code).to.equal(1);
        });
      }
    });
  });

  describe('routes', () => {
    it('lists what the modules register, as a table or as JSON', async () => {
      const app = application({ ...esm, 'tasks/a.ts': task('a'), 'tasks/b.ts': task('b') });
      const { code, out } = await app.run(['routes']);
      expect(code).to.equal(0);
      expect(out.split('\n')[1]).to.match(/^a +rpc +json +tasks\/a\.ts:2:\d+ +a task$/);
      const facts = JSON.parse((await app.run(['routes', '--json'])).out);
      expect(facts[1]).to.include({ route: 'b', kind: 'rpc', protocol: 'json', description: 'a task' });
    });
  });

  describe('call', () => {
    const served = async (answer: (body: unknown) => unknown) => {
      const route = unique('called');
      const service = autoClose(new Service({ url: rabbitUrl(), drainMs: 0 }));
      service.rpcTask(route)(answer);
      await service.start();
      return route;
    };
    const call = (...args: string[]) => application(esm).run(['call', ...args], { BGTASKS_URL: rabbitUrl() });

    it('prints the answer and exits with 0', async () => {
      const route = await served((body) => ({ got: body }));
      const { code, out } = await call(route, '[1,"x"]');
      expect([code, JSON.parse(out)]).to.deep.equal([0, { got: [1, 'x'] }]);
      expect(JSON.parse((await call(route)).out)).to.deep.equal({ got: null });
      expect(JSON.parse((await call(route, '0')).out)).to.deep.equal({ got: 0 });
    });

    it('exits with 1 for a fail and for an error of the handler', async () => {
      const failing = await served(() => ({ status: 'fail', data: ['no'] }));
      const { code, out } = await call(failing);
      expect([code, JSON.parse(out)]).to.deep.equal([1, { status: 'fail', data: ['no'] }]);
      const throwing = await served(() => {
        throw new Error('bang');
      });
      const thrown = await call(throwing);
      expect(thrown.code).to.equal(1);
      expect(thrown.error).to.contain(`"${throwing}" failed with HANDLER_FAILED: bang`);
    });

    it('exits with 3 where no answer can be had', async () => {
      const nobody = await call(unique('nobody'));
      expect([nobody.code, nobody.error.includes('Nobody serves')]).to.deep.equal([3, true]);
      const silent = await served(() => new Promise(() => {}));
      const late = await call(silent, '1', '--timeout', '100');
      expect([late.code, late.error.includes('within 100 ms')]).to.deep.equal([3, true]);
      const away = await application(esm).run(['call', 'x', '--url', 'amqp://127.0.0.1:1/']);
      expect([away.code, away.error.includes('Cannot reach RabbitMQ')]).to.deep.equal([3, true]);
    });
  });
});
