/** Dependencies of tasks: what holds on every broker. */
import {
  backOffData,
  type Dependency,
  dependency,
  inject,
  publisher,
  RemoteError,
  rpcClient,
  runAs,
  Service,
  type TaskContext,
} from 'bgtasks';
import { expect } from 'chai';
import { messageOf } from '../../lib/errors.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';

export function dependenciesContract(urlOf: () => string): void {
  let url: string;
  const open = (options = {}) =>
    autoClose(new Service({ url, serviceName: unique('deps'), logger: silentLogger, ...options }));
  let api: Service;
  let worker: Service;

  beforeEach(() => {
    url = urlOf();
    api = open();
    worker = open();
  });

  /** One whose life is written down. */
  const noted = (
    trail: string[],
    name: string,
    failing: Partial<Record<'setup' | 'get' | 'afterCall', unknown>> = {},
  ) => {
    const fail = (part: keyof typeof failing) => {
      trail.push(`${name} ${part}`);
      if (part in failing) throw failing[part];
    };
    return dependency({
      setup: async () => {
        await pause(5);
        fail('setup');
        return `${name} shared`;
      },
      get: async (shared, { messageId }) => {
        await pause(1);
        fail('get');
        return { shared, messageId };
      },
      afterCall: (value, _context, error) => {
        fail('afterCall');
        trail.push(`${name} got ${value.shared}, ${error === undefined ? 'no error' : (error as Error).message}`);
      },
      close: (shared) => void trail.push(`${name} close ${shared}`),
    });
  };

  it('are set up once when the worker starts, in order, and closed in reverse order', async () => {
    const trail: string[] = [];
    const [a, b] = [noted(trail, 'a'), noted(trail, 'b')];
    const first = worker.rpcTask(unique('first'), { deps: { a, b } })(() => 1);
    worker.rpcTask(unique('second'), { deps: { b } })(() => 1);
    expect(trail).to.deep.equal([]);
    await worker.start();
    expect(trail.splice(0)).to.deep.equal(['a setup', 'b setup']);
    await first.call();
    await first.call();
    expect(trail).to.not.include('a setup');
    trail.length = 0;
    await worker.close();
    expect(trail).to.deep.equal(['b close b shared', 'a close a shared']);
  });

  it('are closed, each that was set up, where the worker is closed while it starts', async () => {
    const trail: string[] = [];
    worker.rpcTask(unique('first'), { deps: { a: noted(trail, 'a') } })(() => 1);
    worker.rpcTask(unique('second'), { deps: { b: noted(trail, 'b') } })(() => 1);
    const starting = rejection(worker.start());
    await until(() => worker.health().connected);
    await worker.close();
    expect(await starting).to.be.instanceOf(Error);
    await pause(20);
    const closed = trail.filter((each) => each.includes('close')).map((each) => each[0]);
    const built = trail.filter((each) => each.includes('setup')).map((each) => each[0]);
    expect(closed).to.deep.equal(built.reverse());
  });

  it('arrive by their names, and end in reverse order after the handler', async () => {
    const trail: string[] = [];
    const route = unique('order');
    const task = worker.rpcTask(route, { deps: { one: noted(trail, 'a'), two: noted(trail, 'b') } })(
      (body: string, { deps, messageId }) => {
        trail.push(`handler ${deps.one.shared}, ${deps.two.shared}, ${deps.two.messageId === messageId}`);
        return Object.keys(deps).join(body);
      },
    );
    await worker.start();
    trail.length = 0;
    expect(await task.call('+')).to.equal('one+two');
    expect(trail).to.deep.equal([
      'a get',
      'b get',
      'handler a shared, b shared, true',
      'b afterCall',
      'b got b shared, no error',
      'a afterCall',
      'a got a shared, no error',
    ]);
  });

  it('learn what the handler threw, and the caller too', async () => {
    const trail: string[] = [];
    const task = worker.rpcTask(unique('throws'), { deps: { a: noted(trail, 'a') } })(() => {
      throw new Error('bang');
    });
    await worker.start();
    trail.length = 0;
    const error = await rejection(task.call());
    expect(error).to.be.instanceOf(RemoteError).with.nested.property('remote.message', 'bang');
    expect(trail).to.deep.equal(['a get', 'a afterCall', 'a got a shared, bang']);
  });

  for (const thrown of [undefined, null, 0, '']) {
    it(`learn of a failure that is ${JSON.stringify(thrown)}`, async () => {
      const trail: string[] = [];
      const task = worker.rpcTask(unique('falsy'), { deps: { a: noted(trail, 'a') } })(() => {
        throw thrown;
      });
      await worker.start();
      expect(await rejection(task.call())).to.be.instanceOf(RemoteError);
      expect(trail.at(-1)).to.equal(`a got a shared, The handler threw ${String(thrown)}.`);
    });
  }

  it('that cannot be had fail the call: the handler does not run, those before it end', async () => {
    const trail: string[] = [];
    const deps = { a: noted(trail, 'a'), b: noted(trail, 'b', { get: new Error('none left') }), c: noted(trail, 'c') };
    const task = worker.rpcTask(unique('get'), { deps })(() => void trail.push('handler'));
    await worker.start();
    trail.length = 0;
    expect(await rejection(task.call())).to.have.nested.property('remote.message', 'none left');
    expect(trail).to.deep.equal(['a get', 'b get', 'a afterCall', 'a got a shared, none left']);
  });

  it('that fail after the call fail the task, and the others learn of it', async () => {
    const trail: string[] = [];
    const deps = { a: noted(trail, 'a'), b: noted(trail, 'b', { afterCall: new Error('not committed') }) };
    const task = worker.rpcTask(unique('after'), { deps })(() => 'answer');
    await worker.start();
    trail.length = 0;
    expect(await rejection(task.call())).to.have.nested.property('remote.message', 'not committed');
    expect(trail.slice(2)).to.deep.equal(['b afterCall', 'a afterCall', 'a got a shared, not committed']);
  });

  it('that fail after a failed handler hide nothing', async () => {
    const a = noted([], 'a', { afterCall: new Error('not rolled back') });
    const task = worker.rpcTask(unique('both'), { deps: { a } })(() => {
      throw new Error('bang');
    });
    await worker.start();
    expect(await rejection(task.call())).to.have.nested.property('remote.message', 'bang');
  });

  it('end when the time of the handler is over', async () => {
    const trail: string[] = [];
    const task = worker.rpcTask(unique('slow'), { deps: { a: noted(trail, 'a') }, timeoutMs: 30 })(() => pause(200));
    await worker.start();
    expect(await rejection(task.call())).to.have.nested.property('remote.code', 'TASK_TIMEOUT');
    expect(trail.at(-1)).to.match(/^a got a shared, .* ran longer than its timeoutMs/);
  });

  it('are not had where the body is refused or middleware answers', async () => {
    const trail: string[] = [];
    const deps = { a: noted(trail, 'a') };
    const body = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'No.' }] }) },
    } as const;
    const refused = worker.rpcTask(unique('refused'), { body, deps })(() => 1);
    const answered = worker.rpcTask(unique('answered'), { deps, middleware: [async () => 'mine'] })(() => 1);
    await worker.start();
    trail.length = 0;
    expect(await refused.call(undefined)).to.have.property('status', 'fail');
    expect(await answered.call()).to.equal('mine');
    expect(trail).to.deep.equal([]);
  });

  it('that cannot be set up end the start, with one line that names them; the next start tries again', async () => {
    const route = unique('unbuilt');
    let isUp = false;
    const db = dependency({
      setup: () => {
        if (!isUp) throw new Error('connect ECONNREFUSED');
        return 'database';
      },
    });
    const task = worker.rpcTask(route, { deps: { db } })((_body, { deps }) => deps.db);
    const error = await rejection(worker.start());
    expect(error).to.have.property('code', 'DEPENDENCY_FAILED');
    expect(messageOf(error)).to.equal(
      `The dependency "db" of the task "${route}" could not be set up: connect ECONNREFUSED`,
    );
    expect(worker.health().consuming).to.equal(false);
    isUp = true;
    await worker.start();
    expect(await task.call()).to.equal('database');
  });

  it('that cannot be closed do not keep the others open', async () => {
    const trail: string[] = [];
    const stuck = dependency({
      setup: () => 1,
      close: () => {
        throw new Error('stuck');
      },
    });
    worker.rpcTask(unique('closing'), { deps: { a: noted(trail, 'a'), stuck } })(() => 1);
    await worker.start();
    await worker.close();
    expect(trail.at(-1)).to.equal('a close a shared');
  });

  it('are closed after the handlers that run', async () => {
    const trail: string[] = [];
    const task = worker.rpcTask(unique('draining'), { deps: { a: noted(trail, 'a') } })(async () => {
      await pause(50);
      trail.push('handler');
    });
    await worker.start();
    trail.length = 0;
    const answer = api.call(task.route);
    await until(() => worker.health().inFlight === 1);
    await worker.close();
    await answer;
    expect(trail).to.deep.equal(['a get', 'handler', 'a afterCall', 'a got a shared, no error', 'a close a shared']);
  });

  it('of a task that is registered after the start are set up before its first call', async () => {
    const trail: string[] = [];
    await worker.start();
    const route = unique('late');
    worker.rpcTask(route, { deps: { a: noted(trail, 'a') } })((_body, { deps }) => deps.a.shared);
    await until(async () => (await api.call(route).catch(() => undefined)) === 'a shared');
    expect(trail[0]).to.equal('a setup');
  });

  it('come to jobs and to listeners', async () => {
    const trail: string[] = [];
    const { serviceName = '' } = api.settings;
    const deps = { a: noted(trail, 'a') };
    const seen: unknown[] = [];
    const job = worker.jobTask(unique('job'), { deps })(
      (body: string, context) => void seen.push([body, context.deps.a.shared]),
    );
    worker.onEvent(serviceName, 'made', { deps })((body, context) => void seen.push([body, context.deps.a.shared]));
    await worker.start();
    await job.enqueue('job');
    await until(() => seen.length === 1);
    await api.emit('made', 'event');
    await until(() => seen.length === 2);
    expect(seen).to.deep.equal([
      ['job', 'a shared'],
      ['event', 'a shared'],
    ]);
    await until(() => trail.filter((line) => line === 'a got a shared, no error').length === 2);
  });

  it('one that is asked for under two names is had once per call', async () => {
    let had = 0;
    const counted = dependency({ setup: () => 0, get: () => (had += 1) });
    const task = worker.rpcTask(unique('twice'), { deps: { a: counted, b: counted } })((_body, { deps }) => [
      deps.a,
      deps.b,
    ]);
    await worker.start();
    expect(await task.call()).to.deep.equal([1, 1]);
  });

  describe('in fields of a class', () => {
    it('have their values in the methods that are tasks, and in what these call', async () => {
      const a = dependency({ setup: () => 'a' });
      const route = unique('class');
      class Greeter {
        greeting = 'Hello';
        name = inject(a);
        @worker.rpcTask(route) greet(body: string) {
          return this.#said(body);
        }
        #said(body: string) {
          return `${this.greeting} ${this.name}${body}`;
        }
      }
      await worker.start();
      expect(await api.call(route, '!')).to.equal('Hello a!');
      expect(new Greeter().greeting).to.equal('Hello');
    });

    it('do not leak between calls at the same time', async () => {
      const route = unique('parallel');
      const own = dependency({ setup: () => undefined, get: (_shared, { messageId }) => messageId });
      class Parallel {
        id = inject(own);
        @worker.rpcTask(route) async run(waitMs: number, { messageId }: TaskContext) {
          const before = this.id;
          await pause(waitMs);
          return [before, await Promise.resolve().then(() => this.id), runAs({}, () => this.id)].every(
            (id) => id === messageId,
          );
        }
      }
      await worker.start();
      const answers = await Promise.all([30, 5, 20, 1, 10].map((waitMs) => api.call(route, waitMs)));
      expect(answers).to.deep.equal([true, true, true, true, true]);
      expect(Parallel.name).to.equal('Parallel');
    });

    it('are objects of any class, with what is private to them', async () => {
      class Vault {
        readonly #secret = 7;
        open() {
          return this.#secret;
        }
      }
      const route = unique('vault');
      const vault = dependency({ setup: () => new Vault() });
      class Opener {
        vault = inject(vault);
        @worker.rpcTask(route) open() {
          const { vault: found } = this;
          return [found.open(), found instanceof Vault];
        }
      }
      await worker.start();
      expect(await api.call(route)).to.deep.equal([7, true]);
      expect(Opener.name).to.equal('Opener');
    });

    it('are set up when the worker starts, and named by class and field where they cannot be', async () => {
      const route = unique('broken');
      const broken = dependency({
        setup: (): string => {
          throw new Error('no disk');
        },
      });
      class Archive {
        disk = inject(broken);
        @worker.rpcTask(route) store() {
          return this.disk;
        }
      }
      const message = messageOf(await rejection(worker.start()));
      expect(message).to.equal(
        `The dependency "${Archive.name}.disk" of the task "${route}" could not be set up: no disk`,
      );
    });

    it('have no value where no task of the class runs, and say so', async () => {
      const route = unique('outside');
      const a = dependency({ setup: () => 'a' });
      let kept: { name: string } | undefined;
      class Keeper {
        name = inject(a);
        @worker.rpcTask(route) keep() {
          kept = this;
          return this.name;
        }
      }
      await worker.start();
      await api.call(route);
      expect(() => kept?.name).to.throw('"Keeper.name" has a value only while a task of its class runs.');
      const other = unique('other');
      worker.rpcTask(other)(() => kept?.name);
      await until(async () => messageOf(await rejection(api.call(other))).includes('"Keeper.name" has a value only'));
      expect(() => new Keeper().name.length).to.throw('inject(...) stands in a public field');
    });

    it('that are private by language are refused when they are used', async () => {
      const route = unique('hash');
      const a = dependency({ setup: () => ({ get: () => 1 }) });
      class Hidden {
        readonly #a = inject(a);
        @worker.rpcTask(route) get() {
          return this.#a.get();
        }
      }
      await worker.start();
      expect(await rejection(api.call(route))).to.have.nested.property('remote.code', 'USAGE');
      expect(Hidden.name).to.equal('Hidden');
    });
  });

  it('a class that cannot be made ends the start, with one line that names it', async () => {
    const route = unique('unmade');
    class Unmade {
      constructor() {
        throw new Error('no licence');
      }
      @worker.rpcTask(route) run() {
        return 1;
      }
    }
    const message = messageOf(await rejection(worker.start()));
    expect(message).to.equal(`The class "${Unmade.name}", whose methods are tasks, could not be made: no licence`);
  });

  describe('that every service has', () => {
    it('publisher() emits under the name of the service', async () => {
      const seen: unknown[] = [];
      const route = unique('emits');
      class Mailer {
        publish = inject(publisher());
        @worker.rpcTask(route) async send(to: string) {
          await this.publish('mail.sent', { to });
        }
      }
      api.onEvent(worker.settings.serviceName ?? '', 'mail.sent')((body) => void seen.push(body));
      await Promise.all([worker.start(), api.start()]);
      await api.call(route, 'a@b.c');
      await until(() => seen.length === 1);
      expect(seen).to.deep.equal([{ to: 'a@b.c' }]);
      expect(Mailer.name).to.equal('Mailer');
    });

    it('publisher() needs a service with a name, and says so at the start', async () => {
      const nameless = autoClose(new Service({ url, logger: silentLogger }));
      nameless.rpcTask(unique('nameless'), { deps: { publish: publisher() } })(() => 1);
      expect(messageOf(await rejection(nameless.start()))).to.contain('publisher() needs the setting "serviceName"');
    });

    it('rpcClient() calls through the service, two services apart', async () => {
      const inner = unique('inner');
      api.rpcTask(inner)((body: number) => body * 2);
      const [one, two] = [unique('one'), unique('two')];
      const other = open();
      const handler = async (body: number, { deps: { rpc } }: { deps: { rpc: { call: Service['call'] } } }) => [
        await rpc.call(inner, body),
        rpc.call === worker.call,
        rpc.call === other.call,
      ];
      worker.rpcTask(one, { deps: { rpc: rpcClient() } })(handler);
      other.rpcTask(two, { deps: { rpc: rpcClient() } })(handler);
      await Promise.all([api.start(), worker.start(), other.start()]);
      expect(await api.call(one, 4)).to.deep.equal([8, true, false]);
      expect(await api.call(two, 4)).to.deep.equal([8, false, true]);
    });

    it('backOffData() says how often a job was tried, and when last', async () => {
      const seen: { retryCount: number; lastRetry: Date | undefined }[] = [];
      const startedAt = Date.now();
      const job = worker.jobTask(unique('tried'), { attempts: 2, backoff: 10, deps: { backOff: backOffData() } })(
        (_body, { deps: { backOff } }) => {
          seen.push(backOff);
          if (backOff.retryCount === 0) throw new Error('again');
        },
      );
      await worker.start();
      await job.enqueue();
      await until(() => seen.length === 2);
      expect(seen[0]).to.deep.equal({ retryCount: 0, lastRetry: undefined });
      expect(seen[1]?.retryCount).to.equal(1);
      expect(seen[1]?.lastRetry?.getTime()).to.be.within(startedAt, Date.now());
    });
  });

  describe('misuse', () => {
    for (const [deps, part] of [
      [5, '"deps" must be dependencies by name, such as { db }, not 5.'],
      [[], '"deps" must be dependencies by name, such as { db }, not [].'],
      [{ db: 5 }, '"deps.db" must be what dependency(...) gave, not 5.'],
      [{ db: { setup: () => 1 } }, '"deps.db" must be what dependency(...) gave, not {}.'],
      [{ db: null }, '"deps.db" must be what dependency(...) gave, not null.'],
    ] as const) {
      it(`deps that are ${JSON.stringify(deps)} are refused where they are given`, () => {
        const options = { deps } as unknown as { deps: Record<string, Dependency<unknown>> };
        expect(() => worker.rpcTask('a', options)).to.throw(part);
        expect(() => worker.jobTask('a', options)).to.throw(part);
        expect(() => worker.onEvent('users', 'a', options)).to.throw(part);
      });
    }

    for (const [parts, part] of [
      [undefined, 'needs a function "setup"'],
      [{}, 'needs a function "setup"'],
      [{ setup: 1 }, 'needs a function "setup", not {"setup":1}.'],
      [{ setup: () => 1, get: 1 }, '"get" must be a function, not 1.'],
      [{ setup: () => 1, teardown: () => 1 }, 'has no part "teardown"; its parts are: setup, get, afterCall, close.'],
    ] as const) {
      it(`dependency(${JSON.stringify(parts)}) is refused`, () => {
        expect(() => dependency(parts as unknown as { setup: () => 1 })).to.throw(part);
      });
    }
  });
}
