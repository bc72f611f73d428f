/** Middleware and filters: what holds on every broker. */
import {
  currentCaller,
  currentTask,
  dependency,
  logging,
  type Middleware,
  RemoteError,
  Service,
  type TaskContext,
} from 'bgtasks';
import { expect } from 'chai';
import { type Logger, silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';

export function middlewareContract(urlOf: () => string): void {
  let url: string;
  const open = (options = {}) =>
    autoClose(new Service({ url, serviceName: unique('wrapped'), logger: silentLogger, ...options }));
  let worker: Service;

  beforeEach(() => {
    url = urlOf();
    worker = open();
  });

  /** An rpc task around whose handler stand `middleware`, and a count of its runs. */
  const served = async (...middleware: readonly Middleware[]) => {
    let runs = 0;
    const task = worker.rpcTask(unique('task'), { middleware })(async (body) => {
      runs += 1;
      return body;
    });
    await worker.start();
    return { call: (body?: unknown) => task.call(body), runs: () => runs };
  };

  it('runs from the outside in: that of the service, that of the task, dependencies, the time limit', async () => {
    const trail: string[] = [];
    const note =
      (name: string): Middleware =>
      async (body, context, next) => {
        trail.push(`${name} in ${Object.keys(context.deps).length}`);
        try {
          return await next(body);
        } finally {
          trail.push(`${name} out`);
        }
      };
    const held = dependency({
      setup: () => undefined,
      get: () => void trail.push('get'),
      afterCall: (_value, _context, error) => void trail.push(`end ${(error as { code?: string }).code}`),
    });
    const wrapped = open({ middleware: [note('1'), note('2')] });
    const task = wrapped.jobTask(unique('order'), {
      attempts: 1,
      deps: { held },
      middleware: [note('3'), note('4')],
      timeoutMs: 20,
    })(async (_body, { signal }) => {
      signal.addEventListener('abort', () => trail.push('aborted'));
      await pause(60);
    });
    await wrapped.start();
    await task.enqueue();
    await until(() => trail.length === 11);
    expect(trail).to.deep.equal([
      '1 in 0',
      '2 in 0',
      '3 in 0',
      '4 in 0',
      'get',
      'aborted',
      'end TASK_TIMEOUT',
      '4 out',
      '3 out',
      '2 out',
      '1 out',
    ]);
  });

  it('may change the body and the answer', async () => {
    const { call } = await served(async (body, _context, next) => `<${await next(`${body}!`)}>`);
    expect(await call('x')).to.equal('<x!>');
  });

  it('may refuse: what it throws is a failure of the task', async () => {
    const { call, runs } = await served(async () => {
      throw Object.assign(new Error('Not you.'), { code: 'FORBIDDEN' });
    });
    const error = await rejection(call());
    expect(error).to.be.instanceOf(RemoteError);
    expect(error).to.have.nested.property('remote.code', 'FORBIDDEN');
    expect(runs()).to.equal(0);
  });

  it('may throw at once, and after the handler', async () => {
    const early = await served(() => {
      throw new Error('early');
    });
    expect(await rejection(early.call())).to.have.nested.property('remote.message', 'early');
    const late = await served(async (body, _context, next) => {
      await next(body);
      throw new Error('late');
    });
    expect(await rejection(late.call())).to.have.nested.property('remote.message', 'late');
    expect(late.runs()).to.equal(1);
  });

  it('may answer by itself', async () => {
    const { call, runs } = await served(async () => 'from a cache');
    expect(await call()).to.equal('from a cache');
    expect(runs()).to.equal(0);
  });

  it('may turn a failure into an answer', async () => {
    const route = unique('saved');
    worker.rpcTask(route, { middleware: [(body, _context, next) => next(body).catch(() => 'saved')] })(() => {
      throw new Error('bang');
    });
    await worker.start();
    expect(await worker.call(route)).to.equal('saved');
  });

  it('gets a promise from next, also for a handler that throws at once', async () => {
    const seen: unknown[] = [];
    const route = unique('promise');
    const look: Middleware = (body, _context, next) => {
      const answer = next(body);
      seen.push(answer instanceof Promise);
      return answer;
    };
    worker.rpcTask(route, { middleware: [look] })(() => {
      throw new Error('bang');
    });
    await worker.start();
    await rejection(worker.call(route));
    expect(seen).to.deep.equal([true]);
  });

  it('that calls next twice is an error that names it, and the handler runs once', async () => {
    const { call, runs } = await served(async function twice(body, _context, next) {
      await next(body);
      return next(body);
    });
    const error = await rejection(call());
    expect(error).to.have.nested.property('remote.code', 'USAGE');
    expect(error).to.have.nested.property('remote.message').that.contains('(twice) called next() twice');
    expect(runs()).to.equal(1);
  });

  it('keeps what is known of the running task, across waits', async () => {
    const seen: boolean[] = [];
    const look = async (context: TaskContext) => {
      await pause(1);
      seen.push(currentTask() === context && currentCaller().url === '/start');
    };
    const route = unique('scope');
    const around: Middleware = async (body, context, next) => {
      await look(context);
      const answer = await next(body);
      await look(context);
      return answer;
    };
    worker.rpcTask(route, { middleware: [around] })(async (_body, context) => look(context));
    const first = unique('first');
    worker.rpcTask(first, {
      middleware: [(body, context, next) => Object.assign(context.caller, { url: '/start' }) && next(body)],
    })(() => worker.call(route));
    await worker.start();
    await worker.call(first);
    expect(seen).to.deep.equal([true, true, true]);
  });

  it('retries a job whose middleware refuses, as for its handler', async () => {
    const attempts: number[] = [];
    const refuse: Middleware = async (body, { attempt }, next) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error('not yet');
      return next(body);
    };
    let runs = 0;
    const job = worker.jobTask(unique('refused'), { attempts: 2, backoff: 10, middleware: [refuse] })(() => {
      runs += 1;
    });
    await worker.start();
    await job.enqueue();
    await until(() => runs === 1);
    expect(attempts).to.deep.equal([1, 2]);
  });

  describe('logging()', () => {
    it('writes a line per call with its time and without its body', async () => {
      const lines: [string, object, string | undefined][] = [];
      const to = (level: string) => (facts: object, message?: string) => void lines.push([level, facts, message]);
      const logger: Logger = { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
      const logged = open({ logger, middleware: [logging()] });
      const task = logged.rpcTask(unique('logged'))((body: string) => {
        if (body === 'fail') throw new Error('bang');
        return body;
      });
      await logged.start();
      await task.call('secret');
      await rejection(task.call('fail'));
      const own = lines.filter(([, , message]) => message?.startsWith('task '));
      expect(own.map(([level, , message]) => `${level} ${message}`)).to.deep.equal([
        'info task done',
        'warn task ended with an error',
        'error task failed',
      ]);
      expect(own[0]?.[1]).to.have.all.keys('route', 'messageId', 'attempt', 'ms');
      expect(JSON.stringify(lines)).to.not.contain('secret');
    });
  });

  describe('a filter', () => {
    it('sees body and context, may wait, and where it says no there is no call', async () => {
      const { serviceName = '' } = worker.settings;
      const seen: unknown[] = [];
      const contexts: TaskContext[] = [];
      let wrapped = 0;
      const filter = async (body: { n: number }, context: TaskContext) => {
        await pause(1);
        contexts.push(context);
        return body.n > 1;
      };
      const count: Middleware = async (body, _context, next) => {
        wrapped += 1;
        return next(body);
      };
      worker.onEvent(serviceName, 'counted', { filter, middleware: [count] })((body) => void seen.push(body));
      await worker.start();
      await worker.emit('counted', { n: 1 }, { messageId: 'first' });
      await until(() => contexts.length === 1);
      await worker.emit('counted', { n: 2 }, { messageId: 'second' });
      await until(() => seen.length === 1);
      expect(seen).to.deep.equal([{ n: 2 }]);
      expect(wrapped).to.equal(1);
      expect(contexts.map(({ messageId, attempt }) => [messageId, attempt])).to.deep.equal([
        ['first', 1],
        ['second', 1],
      ]);
    });

    it('that throws is a failure: the listener is tried again', async () => {
      const { serviceName = '' } = worker.settings;
      const attempts: number[] = [];
      let runs = 0;
      const filter = (_body: unknown, { attempt }: TaskContext) => {
        attempts.push(attempt);
        if (attempt === 1) throw new Error('not yet');
        return true;
      };
      worker.onEvent(serviceName, 'tried', { filter, attempts: 2, backoff: 10 })(() => {
        runs += 1;
      });
      await worker.start();
      await worker.emit('tried', 1);
      await until(() => runs === 1);
      expect(attempts).to.deep.equal([1, 2]);
    });
  });
}
