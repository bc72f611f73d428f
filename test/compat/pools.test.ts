/** Runners whose targets run in children of their program. */
import { Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { Application } from '../commands/application.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { freePort } from '../support/rabbitmq/installed.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { clientOf } from '../websocket/serving.js';

const PACKAGE = '{"type":"module"}';
const protocol = 'micro-framework';

/** Says where it is imported. */
const TASKS = `import { isMainThread } from 'node:worker_threads';
console.log('imported', process.send ? 'in a process' : isMainThread ? 'in the program' : 'in a thread');
export const where = () => ({ process: process.send !== undefined, thread: !isMainThread });
export class Mails {
  sent = 0;
  send(user) {
    this.sent += 1;
    console.log('sent', JSON.stringify(user), this.sent, process.send !== undefined);
  }
  fail() {
    throw new TypeError('odd');
  }
}
export const join = (a, b) => \`\${a} - \${b} \${process.send !== undefined}\`;
export const tick = ({ at }) => console.log('tick', at instanceof Date, process.send !== undefined);
export const failed = (user, { failure }) => console.log('failed', JSON.stringify(user), failure.message, failure.attempts);
`;

const program = (service: string, routes: string, start = 'await runner.start();') => `
import { asyncBackOff, eventListener, Route, rpc, Runner, time, webSocket } from 'bgtasks/compat';
const settings = { AMQP_URI: '${rabbitUrl()}', SERVICE_NAME: '${service}', WORKER_MODE: 'process', MAX_WORKERS: 1, logLevel: 'warn',
  WEBSOCKET_PORT: Number(process.env.WEBSOCKET_PORT ?? 0) };
export const runner = new Runner({ settings, routes: [${routes}] });
${start}
if (process.argv[1] === import.meta.filename) {
  process.once('SIGTERM', () => void runner.stop());
  console.log('started');
}
`;

describe('a Runner with WORKER_MODE', function () {
  this.timeout(60_000);
  const named = (name: string) => unique(name).replace('.', '_');
  let service: string;

  beforeEach(() => {
    service = named('mails');
  });

  const application = (routes: string, start?: string, files: Readonly<Record<string, string>> = {}) => {
    const main = program(service, routes, start);
    const app = autoClose(new Application({ 'package.json': PACKAGE, 'tasks.js': TASKS, 'main.js': main, ...files }));
    app.link('@swc/core', '@swc/types', '@swc/counter', 'ws');
    return app;
  };
  const api = (serviceName = named('api')) =>
    autoClose(new Service({ url: rabbitUrl(), serviceName, logger: silentLogger }));
  const imports = (out: string) => [...new Set(out.match(/^imported .*$/gm))].toSorted();

  it('imports what a path names in the children alone, each in its own', async () => {
    const running = application(`
      new Route({ target: './tasks.js#where', entrypoint: rpc() }),
      new Route({ target: new URL('./tasks.js#where', import.meta.url), entrypoint: rpc('other'), workerClass: 'thread' }),`).startNode(
      'main.js',
    );
    await running.says('started');
    const call = (target: string) => api().call(`${service}.${target}`, null, { protocol, timeoutMs: 20_000 });
    expect(await call('where')).to.deep.equal({ process: true, thread: false });
    expect(await call('other')).to.deep.equal({ process: false, thread: true });
    expect(imports(running.out)).to.deep.equal(['imported in a process', 'imported in a thread']);
    running.kill('SIGTERM');
    expect((await running.finished).code).to.equal(0);
  });

  it('runs a method, its retries and its callback in a child', async () => {
    const users = named('users');
    const running = application(`
      new Route({ target: './tasks.js#Mails', method: 'send', entrypoint: eventListener('${users}', 'created') }),
      new Route({
        target: './tasks.js#Mails', method: 'fail', entrypoint: eventListener('${users}', 'created'),
        backoff: asyncBackOff({ maxRetries: 1, intervalMs: 0, exceptionList: [TypeError] }), callback: './tasks.js#failed',
      }),`).startNode('main.js');
    await running.says('started');
    await api(users).emit('created', { id: 1 }, { protocol });
    await running.says('sent {"id":1} 1 true');
    await running.says('failed {"id":1} odd 2');
    expect(imports(running.out)).to.deep.equal(['imported in a process']);
  });

  it('fires a clock and serves a WebSocket in a child', async () => {
    const port = await freePort();
    const running = application(`
      new Route({ target: './tasks.js#tick', entrypoint: time(1) }),
      new Route({ target: './tasks.js#join', entrypoint: webSocket(undefined, { params: ['a', 'b?'] }) }),`).startNode(
      'main.js',
      { WEBSOCKET_PORT: String(port) },
    );
    await running.says('started');
    await running.says('tick true true');
    expect(await clientOf(port).join('x', 'y')).to.equal('x - y true');
  });

  it('imports TypeScript as the command does', async () => {
    const running = application(`new Route({ target: './typed.js#greet', entrypoint: rpc() }),`, undefined, {
      'typed.ts': 'enum Where { child }\nexport const greet = (): string => Where[process.send ? 0 : 1] as string;',
    }).startNode('main.js');
    await running.says('started');
    expect(await api().call(`${service}.greet`, null, { protocol, timeoutMs: 20_000 })).to.equal('child');
  });

  it('imports it with the first call where the program does not start in a child', async () => {
    const start = 'if (process.argv[1] === import.meta.filename) await runner.start();';
    const running = application(`new Route({ target: './tasks.js#where', entrypoint: rpc() }),`, start).startNode(
      'main.js',
    );
    await running.says('started');
    expect(imports(running.out)).to.deep.equal([]);
    const answer = await api().call(`${service}.where`, null, { protocol, timeoutMs: 20_000 });
    expect(answer).to.deep.equal({ process: true, thread: false });
  });

  it('does not start where the children do not find the target, and says so in one line', async () => {
    const { code, error } = await application(
      `new Route({ target: './tasks.js#nosuch', entrypoint: rpc() }),`,
    ).startNode('main.js').finished;
    expect(code).to.equal(1);
    expect(error).to.match(
      /^BgTasksError: A child of the pool: Cannot load main\.js: The target "\.\/tasks\.js#nosuch": the module has no .+$/m,
    );
  });

  it('is several Runners where there are several contexts, of one service or not', async () => {
    const running = application(
      `new Route({ target: './tasks.js#where', entrypoint: rpc() }),`,
      `await runner.start();
       const inline = { ...settings, WORKER_MODE: undefined };
       const other = new Runner({ settings: inline, routes: [new Route({ target: function here() { return process.send !== undefined; }, entrypoint: rpc() })] });
       await other.start();
       process.once('SIGTERM', () => void other.stop());`,
    ).startNode('main.js');
    await running.says('started');
    const call = (target: string) => api().call(`${service}.${target}`, null, { protocol, timeoutMs: 20_000 });
    expect(await call('where')).to.deep.equal({ process: true, thread: false });
    expect(await call('here')).to.equal(false);
    running.kill('SIGTERM');
    expect((await running.finished).code).to.equal(0);
  });
});
