/** Runner and Route: what a route does, on every broker. */
import { currentTask, dependency, inject, type Middleware, type ServiceOptions, type TaskContext } from 'bgtasks';
import { asyncBackOff, eventListener, Route, Runner, rpc, time, webSocket } from 'bgtasks/compat';
import { expect } from 'chai';
import type { Delivery } from '../../lib/broker/broker.js';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { BROKERS, unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { clientOf } from '../websocket/serving.js';

const named = (name: string) => unique(name).replace('.', '_');
const TASKS = new URL('./tasks.js', import.meta.url).href;
const protocol = 'micro-framework';

interface User {
  id: number;
}

for (const { name, url } of BROKERS) {
  describe(`a Runner of micro_framework on ${name}`, function () {
    this.timeout(20_000);
    let users: string;
    let mails: string;
    let AMQP_URI: string;

    beforeEach(() => {
      users = named('users');
      mails = named('mails');
      AMQP_URI = url();
    });

    const run = async (routes: readonly Route[], options: ServiceOptions = {}) => {
      const settings = { AMQP_URI, SERVICE_NAME: mails, logger: silentLogger, ...options };
      const runner = new Runner({ routes, settings });
      autoClose({ close: () => runner.stop() });
      await runner.start();
      return runner;
    };
    /** The service whose events others hear. */
    const emitter = async () => (await run([], { serviceName: users, ...{ SERVICE_NAME: undefined } })).service;
    const emit = async (event: string, body: unknown) => (await emitter()).emit(event, body, { protocol });

    /** The first one of a queue. */
    const deadLetter = async (queue: string) => {
      const broker = autoClose(await openBroker(AMQP_URI, silentLogger));
      return new Promise((resolve) => {
        const onDelivery = (delivery: Delivery) => resolve(JSON.parse(delivery.body.toString()));
        void broker.consume({ queue: `${queue}.dead`, prefetch: 1, onDelivery });
      });
    };

    describe('with an event', () => {
      it('runs the target with the body and the context, under the name of the function', async () => {
        const seen: unknown[] = [];
        async function onCreated(user: User, { route, attempt }: TaskContext) {
          seen.push([user, route, attempt]);
        }
        await run([new Route({ target: onCreated, entrypoint: eventListener(users, 'created') })]);
        await emit('created', { id: 1 });
        await until(() => seen.length === 1);
        expect(seen).to.deep.equal([[{ id: 1 }, `${users}.created__onCreated`, 1]]);
      });

      it('leaves out what its filter refuses, before translators', async () => {
        const seen: unknown[] = [];
        const filtered: unknown[] = [];
        await run([
          new Route({
            target: (user: unknown) => void seen.push(user),
            entrypoint: eventListener(users, 'created', {
              filter: (user: User) => {
                filtered.push(user);
                return user.id > 1;
              },
            }),
            translators: [(body, _context, next) => next((body as User).id), (id, _, next) => next(`user ${id}`)],
          }),
        ]);
        const service = await emitter();
        for (const id of [1, 2]) await service.emit('created', { id }, { protocol });
        await until(() => seen.length === 1);
        expect(seen).to.deep.equal(['user 2']);
        expect(filtered).to.deep.equal([{ id: 1 }, { id: 2 }]);
      });

      it('tries once more than maxRetries, then calls back with body and error, once', async () => {
        const attempts: number[] = [];
        const called: unknown[] = [];
        const db = dependency({ setup: () => 'db' });
        await run([
          new Route({
            target: (_user: User, { attempt }) => {
              attempts.push(attempt);
              throw new TypeError('odd');
            },
            entrypoint: eventListener(users, 'created', { name: 'on_created' }),
            backoff: asyncBackOff({ maxRetries: 2, intervalMs: 0, exceptionList: [TypeError] }),
            dependencies: { db },
            translators: [(body, _context, next) => next({ id: (body as User).id + 1 })],
            callback: (user, { failure, deps }) => {
              called.push([user, failure?.message, failure?.attempts, deps.db]);
              throw new Error('not again');
            },
          }),
        ]);
        await emit('created', { id: 1 });
        await until(() => called.length === 1);
        expect(attempts).to.deep.equal([1, 2, 3]);
        const queue = `${users}.created__${mails}.on_created`;
        expect(await deadLetter(queue)).to.deep.equal({ id: 1 });
        expect(await deadLetter(`${queue}.failed`)).to.deep.equal({ id: 1 });
        expect(called).to.deep.equal([[{ id: 2 }, 'odd', 3, 'db']]);
      });

      it('does not try again after an error that is not in the exceptionList', async () => {
        const attempts: number[] = [];
        const called: unknown[] = [];
        await run([
          new Route({
            target: (_user: User, { attempt }: TaskContext) => {
              attempts.push(attempt);
              throw new RangeError('odd');
            },
            entrypoint: eventListener(users, 'created'),
            backoff: asyncBackOff({ exceptionList: [TypeError] }),
            callback: (_user, { failure }) => called.push(failure?.attempts),
          }),
        ]);
        await emit('created', { id: 1 });
        await until(() => called.length === 1);
        expect([attempts, called]).to.deep.equal([[1], [1]]);
      });

      it('runs a method of one instance of a class, whose fields have their dependencies', async () => {
        const seen: unknown[] = [];
        const db = dependency({ setup: () => 'db' });
        class Mails {
          db = inject(db);
          count = 0;

          classMethod(user: User) {
            this.count += 1;
            seen.push([user.id, this.count, this.db]);
          }
        }
        const entrypoint = eventListener(users, 'created');
        const runner = await run([new Route({ target: Mails, method: 'classMethod', entrypoint })]);
        expect([...runner.service.tasks.keys()]).to.deep.equal([`${users}.created__Mails.classMethod`]);
        const service = await emitter();
        for (const id of [1, 2]) await service.emit('created', { id }, { protocol });
        await until(() => seen.length === 2);
        expect(seen).to.deep.equal([
          [1, 1, 'db'],
          [2, 2, 'db'],
        ]);
      });
    });

    describe('with a call over AMQP', () => {
      const call = async (target: string, body?: unknown) =>
        (await emitter()).call(`${mails}.${target}`, body, { protocol, timeoutMs: 5000 });

      it('gives the target its arguments alone, by position and by name', async () => {
        const add = (a: number, b: number, scale = 1) => [(a + b) * scale, currentTask()?.route];
        await run([new Route({ target: add, entrypoint: rpc(undefined, { params: ['a', 'b', 'scale?'] }) })]);
        expect(await call('add', { args: [1, 2] })).to.deep.equal([3, `${mails}.add`]);
        expect(await call('add', { kwargs: { b: 2, a: 1, scale: 10 } })).to.deep.equal([30, `${mails}.add`]);
      });

      it('runs before and after the target, with dependencies in currentTask()', async () => {
        const order: unknown[] = [];
        const db = dependency({ setup: () => 'db' });
        const translate: Middleware = (_body, _context, next) => next({ args: ['translated'] });
        await run([
          new Route({
            target: (text: string) => {
              order.push([text, currentTask()?.deps]);
              return text.length;
            },
            entrypoint: rpc('length'),
            dependencies: { db },
            translators: [translate],
            before: (body, { route }) => order.push(['before', body.args, route]),
            after: async (answer, { route }) => order.push(['after', answer, route]),
          }),
        ]);
        expect(await call('length', { args: ['x'] })).to.equal(10);
        const route = `${mails}.length`;
        expect(order).to.deep.equal([
          ['before', ['translated'], route],
          ['translated', { db: 'db' }],
          ['after', 10, route],
        ]);
      });

      it('fails where a hook or a translator does, and then runs neither target nor after', async () => {
        const ran: string[] = [];
        const odd = () => {
          throw new Error('odd');
        };
        const target = () => ran.push('target');
        const after = () => ran.push('after');
        await run([
          new Route({ target, entrypoint: rpc('before'), before: odd, after }),
          new Route({ target, entrypoint: rpc('translators'), translators: [odd], after }),
          new Route({ target: odd, entrypoint: rpc('target'), after }),
        ]);
        for (const name of ['before', 'translators', 'target']) {
          expect(await rejection(call(name))).to.have.nested.property('remote.message', 'odd');
        }
        expect(ran).to.deep.equal([]);
      });

      it('imports what a path names when it starts', async () => {
        const { Counter } = (await import('./tasks.js')) as typeof import('./tasks.js');
        const runner = await run([
          new Route({ target: `${TASKS}#where`, entrypoint: rpc() }),
          new Route({ target: new URL(`${TASKS}#Counter`), entrypoint: rpc('count') }),
          new Route({ target: `${TASKS}#Counter`, method: 'reset', entrypoint: rpc() }),
          new Route({ target: Counter, entrypoint: rpc() }),
        ]);
        expect(await call('where', { args: [1, 2] })).to.deep.equal({ args: [1, 2], pid: process.pid, threadId: 0 });
        expect([await call('count', { args: [2] }), await call('count', { args: [3] })]).to.deep.equal([2, 5]);
        expect(await call('Counter.reset')).to.equal(0);
        expect(await call('Counter.call', { args: [1] })).to.equal(1);
        expect(runner.service.health().consuming).to.equal(true);
      });
    });

    it('fires a clock in its process, and calls what a WebSocket serves', async () => {
      const seen: unknown[] = [];
      function joined(arg1: string, arg2: string) {
        return `${arg1} - ${arg2}`;
      }
      const entrypoint = webSocket(undefined, { params: ['arg1', 'arg2?'], description: 'Joins.' });
      const routes = [
        new Route({ target: joined, entrypoint }),
        new Route({
          target: async ({ at }) => {
            const client = clientOf(runner.service.webSocketAddress?.port ?? 0);
            seen.push(at instanceof Date, await client.joined('a', 'b'));
          },
          entrypoint: time(1, 'caller'),
        }),
      ];
      const runner: Runner = await run(routes, { websocket: { port: 0 } });
      await until(() => seen.length >= 2);
      expect(seen.slice(0, 2)).to.deep.equal([true, 'a - b']);
      const client = clientOf(runner.service.webSocketAddress?.port ?? 0);
      expect(await client.listTargets()).to.deep.equal([
        { target: 'joined', args: ['arg1'], kwargs: ['arg2'], docstring: 'Joins.' },
      ]);
    });

    it('finishes what runs when it stops, and can start again', async () => {
      let ended = 0;
      const slow = async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        ended += 1;
      };
      const runner = await run([new Route({ target: slow, entrypoint: eventListener(users, 'created') })]);
      await emit('created', 1);
      await until(() => runner.service.health().inFlight === 1);
      await Promise.all([runner.stop(), runner.stop()]);
      expect([ended, runner.service.health().consuming]).to.deep.equal([1, false]);
      await runner.start();
      await emit('created', 1);
      await until(() => ended === 2);
    });
  });
}
