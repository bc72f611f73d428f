/** What a job can do beyond running: results, progress, cancelling, duplicates, priorities, rates; for every broker. */
import {
  type BgTasksError,
  CallAbortedError,
  JobClient,
  type JobOptions,
  RemoteError,
  RpcTimeoutError,
  Service,
  ServiceStoppingError,
} from 'bgtasks';
import { expect } from 'chai';
import type { Broker, OutgoingMessage } from '../../lib/broker/broker.js';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { isRepliesQueue } from '../../lib/topology/job-replies.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';

export function jobsContract(urlOf: () => string): void {
  let url: string;
  let api: Service;
  let worker: Service;
  const serviceNamed = (serviceName: string, options = {}) =>
    autoClose(new Service({ url, serviceName, logger: silentLogger, ...options }));

  beforeEach(async () => {
    url = urlOf();
    api = serviceNamed(unique('api'));
    worker = serviceNamed(unique('worker'));
    await api.start(); // the memory broker is gone with its last connection
  });

  /** As any other system would send it. */
  const publish = async (routingKey: string, body: unknown, properties: OutgoingMessage['properties']) => {
    const broker = autoClose(await openBroker(url, silentLogger));
    await broker.publish({ exchange: '', routingKey, body: Buffer.from(JSON.stringify(body)), properties });
  };

  /** Something that ends when a test says so. */
  const latch = () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { open, opened };
  };

  describe('a result', () => {
    it('reaches the process that asked for it, as JSON leaves it, as often as it asks', async () => {
      const route = unique('sum');
      worker.jobTask(route)((body: number[]) => ({ sum: body.reduce((a, b) => a + b, 0), at: new Date(0) }));
      await worker.start();
      const job = await api.enqueue(route, [1, 2, 3], { result: true });
      const expected = { sum: 6, at: '1970-01-01T00:00:00.000Z' };
      expect(await job.result()).to.deep.equal(expected);
      expect(await job.result()).to.deep.equal(expected);
    });

    it('of a job that fails first is that of its later run', async () => {
      const job = worker.jobTask(unique('second'), { attempts: 2, backoff: 0 })((_body, { attempt }) => {
        if (attempt === 1) throw new Error('first');
        return attempt;
      });
      await worker.start();
      expect(await (await job.enqueue(1, { result: true })).result()).to.equal(2);
    });

    it('of a job that failed for good is a RemoteError with its code', async () => {
      const job = worker.jobTask(unique('failing'), { attempts: 1 })(() => {
        throw Object.assign(new Error('no luck'), { code: 'BAD_LUCK' });
      });
      await worker.start();
      const error = (await rejection((await job.enqueue(1, { result: true })).result())) as RemoteError;
      expect(error).to.be.instanceOf(RemoteError);
      expect(error.remote).to.deep.equal({ code: 'BAD_LUCK', message: 'no luck' });
    });

    it('that cannot be written is an error for who asked; the job is done and does not run again', async () => {
      let runs = 0;
      const job = worker.jobTask(unique('unwritable'))(() => {
        runs += 1;
        return 1n;
      });
      await worker.start();
      const error = (await rejection((await job.enqueue(1, { result: true })).result())) as RemoteError;
      expect(error.remote.code).to.equal('BAD_BODY');
      expect(runs).to.equal(1);
    });

    it('of a job that has expired is a RemoteError JOB_EXPIRED', async () => {
      const route = unique('expired');
      const client = serviceNamed(unique('client'));
      const job = await client
        .jobTask(route)(() => {})
        .enqueue(1, { result: true, expiresMs: 1 });
      await pause(10);
      worker.jobTask(route)(() => {});
      await worker.start();
      expect(((await rejection(job.result())) as RemoteError).remote.code).to.equal('JOB_EXPIRED');
    });

    it('may be asked for again after a timeout or an abort', async () => {
      const { open, opened } = latch();
      const task = worker.jobTask(unique('slow'))(async () => {
        await opened;
        return 'late';
      });
      await worker.start();
      const job = await task.enqueue(1, { result: true });
      expect(await rejection(job.result({ timeoutMs: 20 }))).to.be.instanceOf(RpcTimeoutError);
      expect(await rejection(job.result({ signal: AbortSignal.abort() }))).to.be.instanceOf(CallAbortedError);
      open();
      expect(await job.result()).to.equal('late');
    });

    it('that is waited for when its service closes is a ServiceStoppingError', async () => {
      const client = serviceNamed(unique('client'));
      const job = await client
        .jobTask(unique('closing'))(() => {})
        .enqueue(1, { result: true });
      const failure = rejection(job.result());
      await client.close();
      expect(await failure).to.be.instanceOf(ServiceStoppingError);
    });

    it('that is asked for after its service was closed is one, too', async () => {
      const client = serviceNamed(unique('client'));
      const job = await client
        .jobTask(unique('closed'))(() => {})
        .enqueue(1, { result: true });
      await client.close();
      expect(await rejection(job.result({ timeoutMs: 500 }))).to.be.instanceOf(ServiceStoppingError);
    });

    it('arrives though a second job of its id could not be enqueued', async () => {
      const route = unique('first');
      const { open, opened } = latch();
      worker.jobTask(route)(() => opened.then(() => 'first'));
      await worker.start();
      const job = await api.enqueue(route, 1, { result: true, messageId: 'same' });
      const broker = api.internals.broker() as Broker;
      const { publish } = broker;
      broker.publish = () => Promise.reject(new Error('no room'));
      expect(await rejection(api.enqueue(route, 2, { result: true, messageId: 'same' }))).to.be.instanceOf(Error);
      broker.publish = publish;
      open();
      expect(await job.result({ timeoutMs: 3000 })).to.equal('first');
    });

    it('is that of its own job: two routes cannot wait under one id', async () => {
      const [one, other] = [unique('one'), unique('other')];
      worker.jobTask(one)(() => pause(100).then(() => 'one'));
      worker.jobTask(other)(() => 'other');
      await worker.start();
      const job = await api.enqueue(one, 1, { result: true, messageId: 'same' });
      const error = await rejection(api.enqueue(other, 1, { result: true, messageId: 'same' }));
      expect(error).to.have.property('code', 'USAGE');
      expect((error as Error).message)
        .to.contain(one)
        .and.to.contain(other)
        .and.to.contain('same');
      expect(await job.result()).to.equal('one');
      expect(await (await api.enqueue(other, 1, { result: true, messageId: 'same' })).result()).to.equal('other');
    });

    it('is sent to no queue but one of results, whatever a message asks for', async () => {
      const route = unique('forged');
      const target = unique('target');
      let runs = 0;
      worker.jobTask(route)(() => {
        runs += 1;
      });
      await worker.start();
      const broker = autoClose(await openBroker(url, silentLogger));
      await broker.declare([{ queue: { name: target, durable: true, arguments: { 'x-queue-type': 'classic' } } }]);
      await publish(route, 1, { messageId: 'x', replyTo: target });
      await until(() => runs === 1);
      await (await worker.enqueue(route, 2, { result: true })).result(); // what came before has been sent by now
      expect((await broker.inspect(target))?.messages).to.equal(0);
      expect([isRepliesQueue(target), isRepliesQueue('bgtasks.v1.replies.x')]).to.deep.equal([false, true]);
    });

    it('is asked for by the names of bgtasks (Python) as well', async () => {
      const route = unique('python');
      worker.jobTask(route)((body) => body);
      await worker.start();
      const job = await new JobClient(api).call(route, { n: 1 }, { result: true });
      expect(await job.result()).to.deep.equal({ n: 1 });
    });

    it('has no method where none was asked for, and costs no queue', async () => {
      const job = await api
        .jobTask(unique('plain'))(() => {})
        .enqueue(1);
      expect(job).to.have.all.keys('id', 'route', 'cancel');
    });
  });

  describe('progress', () => {
    it('reaches a listener in its order, the last value before the result', async () => {
      const task = worker.jobTask(unique('steps'))(async (_body, { progress }) => {
        for (let step = 1; step <= 100; step += 1) progress({ step });
      });
      await worker.start();
      const job = await task.enqueue(1, { result: true });
      const seen: number[] = [];
      job.onProgress((value) => {
        seen.push((value as { step: number }).step);
        throw new Error('a listener that throws harms nobody');
      });
      await job.result();
      expect(seen.at(-1)).to.equal(100);
      expect(seen).to.deep.equal(seen.toSorted((a, b) => a - b));
    });

    it('that is known already is told to a listener that comes later; one that has left hears nothing', async () => {
      const { open, opened } = latch();
      const task = worker.jobTask(unique('known'))(async (_body, { progress }) => {
        progress('half');
        await opened;
        progress('most');
      });
      await worker.start();
      const job = await task.enqueue(1, { result: true });
      const early: unknown[] = [];
      const leave = job.onProgress((value) => early.push(value));
      await until(() => early.length === 1);
      leave();
      const late: unknown[] = [];
      job.onProgress((value) => late.push(value));
      expect(late).to.deep.equal(['half']);
      open();
      await job.result();
      expect([early, late]).to.deep.equal([['half'], ['half', 'most']]);
    });

    it('that nobody asked for, or that cannot be written, is no failure', async () => {
      const task = worker.jobTask(unique('quiet'), { attempts: 1 })(async (_body, { progress }) => {
        progress(1n);
        return 'done';
      });
      await worker.start();
      await task.enqueue(1);
      expect(await (await task.enqueue(1, { result: true })).result()).to.equal('done');
    });
  });

  describe('cancelling', () => {
    it('aborts the signal of a job that runs; it neither runs again nor is a dead letter', async () => {
      const route = unique('running');
      const attempts: number[] = [];
      const task = worker.jobTask(route, { backoff: 0 })(async (_body, { signal, attempt }) => {
        attempts.push(attempt);
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      });
      await worker.start();
      const job = await task.enqueue(1, { result: true });
      await until(() => attempts.length === 1);
      await job.cancel();
      expect(((await rejection(job.result())) as RemoteError).remote.code).to.equal('JOB_CANCELLED');
      const broker = autoClose(await openBroker(url, silentLogger));
      await pause(50);
      expect(attempts).to.deep.equal([1]);
      expect((await broker.inspect(`${route}.dead`))?.messages).to.equal(0);
      expect((await broker.inspect(route))?.messages).to.equal(0);
    });

    it('lets a job that does not look at its signal end as it does', async () => {
      const { open, opened } = latch();
      let signal: AbortSignal | undefined;
      const task = worker.jobTask(unique('deaf'))(async (_body, context) => {
        signal = context.signal;
        await opened;
        return 'done';
      });
      await worker.start();
      const job = await task.enqueue(1, { result: true });
      await until(() => signal !== undefined);
      await job.cancel();
      await until(() => signal?.aborted === true);
      open();
      expect(await job.result()).to.equal('done');
    });

    it('keeps a job that waits or is delayed from starting, by its id from any process', async () => {
      const route = unique('waiting');
      const { open, opened } = latch();
      const seen: unknown[] = [];
      const task = worker.jobTask(route, { concurrency: 1 })(async (body) => {
        seen.push(body);
        await opened;
      });
      await worker.start();
      await task.enqueue('first');
      await until(() => seen.length === 1);
      await task.enqueue('waits', { messageId: 'waits' });
      const delayed = await task.enqueue('delayed', { delayMs: 500, result: true });
      await api.cancelJob(route, 'waits');
      await api.cancelJob(route, delayed.id);
      await task.enqueue('last');
      open();
      await until(() => seen.length === 2);
      expect(((await rejection(delayed.result())) as RemoteError).remote.code).to.equal('JOB_CANCELLED');
      expect(seen).to.deep.equal(['first', 'last']);
    });

    it('holds for workers that start later, before their first job', async () => {
      const route = unique('later');
      const name = unique('later');
      const first = serviceNamed(name);
      first.jobTask(route)(() => {});
      await first.start();
      await first.close();
      for (const id of ['a', 'b', 'c']) await api.enqueue(route, id, { messageId: id });
      await api.cancelJob(route, 'a');
      await api.cancelJob(route, 'c');
      const second = serviceNamed(name);
      const seen: unknown[] = [];
      second.jobTask(route)((body) => void seen.push(body));
      await second.start();
      await second.enqueue(route, 'd');
      await until(() => seen.includes('d'));
      expect(seen).to.deep.equal(['b', 'd']);
    });

    it('means one route, and jobs enqueued before it', async () => {
      const [route, other] = [unique('mine'), unique('other')];
      const seen: unknown[] = [];
      for (const each of [route, other]) worker.jobTask(each)((body) => void seen.push(body));
      await worker.start();
      await api.cancelJob(route, 'id');
      await pause(1100); // the time of a message has whole seconds
      await api.enqueue(route, 'again', { messageId: 'id' });
      await api.enqueue(other, 'other', { messageId: 'id' });
      await until(() => seen.length === 2);
      expect(seen.toSorted()).to.deep.equal(['again', 'other']);
    });

    it('rejects where no service has ever served the route, and for an id that cannot be', async () => {
      expect(await rejection(api.cancelJob(unique('nowhere'), 'x'))).to.have.property('code', 'NO_ROUTE');
      expect(await rejection(api.cancelJob(unique('nowhere'), ''))).to.have.property('code', 'USAGE');
      expect(await rejection(api.cancelJob('', 'x'))).to.have.property('code', 'INVALID_TASK');
    });

    it('is not hindered by commands that cannot be read', async () => {
      const route = unique('garbled');
      const seen: unknown[] = [];
      worker.jobTask(route)((body) => void seen.push(body));
      await worker.start();
      const control = `${worker.settings.serviceName}.control`;
      await publish(control, 'no command', { type: 'cancel', messageId: '1' });
      await publish(control, { route: 1 }, { type: 'cancel', messageId: '2' });
      await api.cancelJob(route, 'x');
      await api.enqueue(route, 'x', { messageId: 'x' });
      await api.enqueue(route, 'y', { messageId: 'y' });
      await until(() => seen.includes('y'));
    });
  });

  describe('with dedupe', () => {
    it('a second message with an id that is done is not run; others are', async () => {
      const route = unique('once');
      const seen: unknown[] = [];
      const task = worker.jobTask(route, { dedupe: true })((body) => void seen.push(body));
      await worker.start();
      for (const id of ['a', 'a', 'b']) await task.enqueue(id, { messageId: id });
      await until(() => seen.includes('b'));
      expect(seen).to.deep.equal(['a', 'b']);
    });

    it('a second message that comes while its id runs waits, and runs where that run fails', async () => {
      const route = unique('overlap');
      const { open, opened } = latch();
      const runs: number[] = [];
      const task = worker.jobTask(route, { dedupe: true, attempts: 1 })(async (body: number) => {
        runs.push(body);
        await opened;
        if (runs.length === 1) throw new Error('first');
      });
      await worker.start();
      for (const n of [1, 2, 3]) await task.enqueue(n, { messageId: 'same' });
      await pause(50);
      expect(runs).to.have.length(1);
      open();
      await until(() => runs.length === 2);
      await (await task.enqueue(4, { result: true })).result();
      expect(runs.filter((n) => n !== 4)).to.have.length(2);
    });

    it('a retry is no duplicate', async () => {
      const attempts: number[] = [];
      const options: JobOptions = { dedupe: true, attempts: 2, backoff: 0 };
      const task = worker.jobTask(
        unique('retried'),
        options,
      )((_body, { attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw new Error('x');
      });
      await worker.start();
      await task.enqueue(1, { messageId: 'same' });
      await until(() => attempts.length === 2);
      expect(attempts).to.deep.equal([1, 2]);
    });
  });

  describe('priority', () => {
    /** Enqueues while the only place is taken; gives the order of the starts. */
    const orderOf = async (options: JobOptions, jobs: readonly (readonly [string, 'normal' | 'high' | number])[]) => {
      const { open, opened } = latch();
      const seen: unknown[] = [];
      const task = worker.jobTask(unique('ordered'), { concurrency: 1, ...options })(async (body: string) => {
        seen.push(body);
        if (body === 'blocker') await opened;
      });
      await worker.start();
      await task.enqueue('blocker');
      await until(() => seen.length === 1);
      for (const [body, priority] of jobs) await task.enqueue(body, { priority });
      await pause(50); // until they have arrived
      open();
      await until(() => seen.length === jobs.length + 1);
      return seen.slice(1);
    };

    it('high starts before normal', async () => {
      const order = await orderOf({ priorities: true }, [
        ['normal 1', 'normal'],
        ['normal 2', 'normal'],
        ['high 1', 'high'],
        ['high 2', 'high'],
      ]);
      expect(order).to.deep.equal(['high 1', 'high 2', 'normal 1', 'normal 2']);
    });

    it('by number is the order of a classic queue', async () => {
      const order = await orderOf({ queueType: 'classic', maxPriority: 5 }, [
        ['prefetched', 0],
        ['low', 1],
        ['high', 5],
        ['middle', 3],
      ]);
      expect(order.filter((body) => body !== 'prefetched')).to.deep.equal(['high', 'middle', 'low']);
    });

    it('high goes with a job through delay, retry and failure', async () => {
      const route = unique('kept');
      const attempts: number[] = [];
      const task = worker.jobTask(route, { priorities: true, attempts: 2, backoff: 0 })((_body, { attempt }) => {
        attempts.push(attempt);
        throw new Error('x');
      });
      await worker.start();
      const job = await task.enqueue(1, { priority: 'high', delayMs: 1, result: true });
      await rejection(job.result());
      expect(attempts).to.deep.equal([1, 2]);
      const broker = autoClose(await openBroker(url, silentLogger));
      await until(async () => (await broker.inspect(`${route}.dead`))?.messages === 1);
      expect(await broker.inspect(`${route}.high.dead`)).to.equal(undefined);
    });

    for (const [problem, options, priority, part] of [
      ['high without priorities', {}, 'high', '"priorities: true"'],
      ['a number without maxPriority', {}, 1, '"maxPriority"'],
      ['a number above maxPriority', { queueType: 'classic', maxPriority: 2 }, 3, 'from 0 to 2'],
      ['another word', { priorities: true }, 'urgent', '"urgent"'],
    ] as const) {
      it(`is refused: ${problem}`, async () => {
        const task = api.jobTask(unique('refused'), options)(() => {});
        const error = (await rejection(task.enqueue(1, { priority: priority as 'high' }))) as BgTasksError;
        expect(error.code).to.equal('USAGE');
        expect(error.message).to.contain(part);
      });
    }

    it('high by name, of a task without priorities, finds no queue', async () => {
      const route = unique('unknown');
      worker.jobTask(route)(() => {});
      await worker.start();
      expect(await rejection(api.enqueue(route, 1, { priority: 'high' }))).to.have.property('code', 'NO_ROUTE');
    });
  });

  describe('with a rate limit', () => {
    it('no more than max start at once, and the others follow', async () => {
      const starts: number[] = [];
      const options: JobOptions = { rateLimit: { max: 2, perMs: 300 } };
      const task = worker.jobTask(unique('rated'), options)(() => void starts.push(performance.now()));
      await worker.start();
      for (const n of [1, 2, 3, 4, 5]) await task.enqueue(n);
      await until(() => starts.length === 5);
      const [first = 0, , third = 0, , fifth = 0] = starts;
      // What is measured starts a little later than what is limited.
      expect(third - first).to.be.above(250);
      expect(fifth - first).to.be.above(550);
    });

    it('what waits goes back at once when the worker closes', async () => {
      const route = unique('handover');
      const seen: unknown[] = [];
      worker.jobTask(route, { rateLimit: { max: 1, perMs: 600_000 } })((body) => void seen.push(body));
      await worker.start();
      for (const n of [1, 2, 3]) await api.enqueue(route, n);
      await until(() => seen.length === 1);
      await worker.close();
      const next = serviceNamed(unique('next'));
      next.jobTask(route)((body) => void seen.push(body));
      await next.start();
      await until(() => seen.length === 3);
      expect(seen.toSorted()).to.deep.equal([1, 2, 3]);
    });
  });

  it('long jobs do not keep calls waiting, nor calls jobs', async () => {
    const busy = serviceNamed(unique('busy'), { concurrency: 1 });
    const { open, opened } = latch();
    let running = 0;
    const long = async () => {
      running += 1;
      await opened;
    };
    const route = unique('ping');
    const job = busy.jobTask(unique('long'))(long);
    const stuck = busy.rpcTask(unique('stuck'))(long);
    busy.rpcTask(route)(() => 'pong');
    await busy.start();
    await job.enqueue();
    await until(() => running === 1);
    expect(await api.call(route)).to.equal('pong');
    const answer = stuck.call();
    await until(() => running === 2);
    const waiting = api.call(route, undefined, { timeoutMs: 50 });
    expect(await rejection(waiting)).to.be.instanceOf(RpcTimeoutError);
    open();
    await answer;
  });

  it('that is given up by a worker that stops runs again elsewhere, and has not failed', async () => {
    const route = unique('givenup');
    const hasty = serviceNamed(unique('hasty'), { drainMs: 20 });
    let runs = 0;
    hasty.jobTask(route, { attempts: 1 })((_body, { signal }) => {
      runs += 1;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    await hasty.start();
    await api.enqueue(route, 1);
    await until(() => runs === 1);
    await hasty.close();
    const attempts: number[] = [];
    worker.jobTask(route)((_body, { attempt }) => void attempts.push(attempt));
    await worker.start();
    await until(() => attempts.length === 1);
    expect(attempts).to.deep.equal([1]);
    const broker = autoClose(await openBroker(url, silentLogger));
    expect((await broker.inspect(`${route}.dead`))?.messages).to.equal(0);
  });

  it('what waits for room goes to another worker while the first one finishes', async () => {
    const route = unique('moved');
    const { open, opened } = latch();
    const seen: unknown[] = [];
    worker.jobTask(route, { concurrency: 10 })(async (body) => {
      seen.push(body);
      await opened;
    });
    await worker.start();
    for (let n = 0; n < 11; n += 1) await api.enqueue(route, n);
    await until(() => seen.length === 10);
    const closing = worker.close();
    const next = serviceNamed(unique('next'));
    next.jobTask(route)((body) => void seen.push(body));
    await next.start();
    await until(() => seen.length === 11);
    open();
    await closing;
  });
}
