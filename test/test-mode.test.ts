import { BgTasksError, NoRouteError, type RemoteError, RpcTimeoutError, Service } from 'bgtasks';
import { failWith, type TestTools, testing, timeOut } from 'bgtasks/testing';
import { expect } from 'chai';
import { autoClose } from './support/auto-close.js';
import { rejection } from './support/rejection.js';

describe('the test environment', () => {
  let service: Service;
  let tools: TestTools;

  beforeEach(() => {
    service = autoClose(new Service({ environment: 'test', url: 'memory://test-mode' }));
    tools = testing(service);
  });

  it('answers calls inside the process, without a start', async () => {
    service.rpcTask('user.add')(() => 1);
    expect(await service.call('user.add')).to.equal(1);
  });

  it('rejects at once where neither handler nor stub is, listing the known routes', async () => {
    service.rpcTask('user.add')(() => 1);
    service.rpcTask('user.get')(() => 1);
    const error = (await rejection(service.call('user.ad'))) as Error;
    expect(error).to.be.instanceOf(NoRouteError);
    expect(error.message).to.contain('Known routes: user.add, user.get.');
  });

  it('lets a later handler of the test replace an earlier one', async () => {
    service.rpcTask('user.add')(() => 1);
    expect(await service.call('user.add')).to.equal(1);
    service.rpcTask('user.add')(() => 2);
    expect(await service.call('user.add')).to.equal(2);
  });

  for (const order of ['before', 'after']) {
    it(`lets a handler of the test win over a loaded one that came ${order} it`, async () => {
      const load = () => service.internals.whileLoading(async () => service.rpcTask('user.add')(() => 'loaded'));
      if (order === 'before') await load();
      service.rpcTask('user.add')(() => 'test');
      if (order === 'after') await load();
      expect(await service.call('user.add')).to.equal('test');
    });
  }

  describe('stubs', () => {
    it('answer with a value, which takes the real trip', async () => {
      tools.stub('dates', { at: new Date(0), gone: undefined });
      expect(await service.call('dates')).to.deep.equal({ at: '1970-01-01T00:00:00.000Z' });
    });

    it('answer with a handler', async () => {
      tools.stub('double', (body: unknown) => Number(body) * 2);
      expect(await service.call('double', 21)).to.equal(42);
    });

    it('fail as a handler that throws', async () => {
      tools.stub('down', failWith('out of order'));
      tools.stub('coded', failWith(Object.assign(new Error('no'), { code: 'NO_STOCK' })));
      expect(((await rejection(service.call('down'))) as RemoteError).remote).to.deep.equal({
        code: 'HANDLER_FAILED',
        message: 'out of order',
      });
      expect(((await rejection(service.call('coded'))) as RemoteError).remote.code).to.equal('NO_STOCK');
    });

    it('answer with what only looks like a failure', async () => {
      tools.stub('pay', { failure: 'card declined' });
      expect(await service.call('pay')).to.deep.equal({ failure: 'card declined' });
    });

    it('time out at once', async () => {
      tools.stub('slow', timeOut());
      const startedAt = performance.now();
      expect(await rejection(service.call('slow'))).to.be.instanceOf(RpcTimeoutError);
      expect(performance.now() - startedAt).to.be.lessThan(5000); // of the 60 seconds that the error names
    });

    it('win over handlers, and leave with reset', async () => {
      service.rpcTask('user.add')(() => 'handler');
      tools.stub('user.add', 'stub');
      tools.stub('only.stub', 1);
      expect([await service.call('user.add'), await service.call('only.stub')]).to.deep.equal(['stub', 1]);
      await tools.reset();
      expect(await service.call('user.add')).to.equal('handler');
      expect(await rejection(service.call('only.stub'))).to.be.instanceOf(NoRouteError);
      tools.stub('only.stub', 2);
      expect(await service.call('only.stub')).to.equal(2);
    });

    it('are refused in another environment', () => {
      const production = new Service({ environment: 'production', url: 'memory://' });
      expect(() => testing(production).stub('a', 1)).to.throw(BgTasksError, 'environment "test"');
    });
  });

  describe('recorded calls', () => {
    it('hold the bodies as the task saw them, oldest first', async () => {
      tools.stub('a', 1);
      await service.call('a', { at: new Date(0) });
      await service.call('a', 2);
      expect(tools.calls('a')).to.deep.equal([
        { route: 'a', body: { at: '1970-01-01T00:00:00.000Z' } },
        { route: 'a', body: 2 },
      ]);
      expect(tools.calls('b')).to.deep.equal([]);
    });

    it('are forgotten by reset', async () => {
      tools.stub('a', 1);
      await service.call('a', 1);
      await tools.reset();
      expect(tools.calls('a')).to.deep.equal([]);
    });
  });

  describe('jobs and events', () => {
    it('run as they come, and are remembered with the bodies that the task sees', async () => {
      const seen: unknown[] = [];
      const task = service.jobTask('mail.send')((body: { at: Date }) => void seen.push(body));
      const { id } = await task.enqueue({ at: new Date(0) });
      await tools.runJobs();
      const body = { at: '1970-01-01T00:00:00.000Z' };
      expect(seen).to.deep.equal([body]);
      const [first] = tools.enqueued(task);
      expect(first).to.deep.include({ route: 'mail.send', id, body });
      expect(tools.enqueued('mail.other')).to.deep.equal([]);
    });

    it('are remembered with their bodies in the protocol of their task as well', async () => {
      const task = service.jobTask('mail.zipped', { protocol: 'gzip-json' })((_body: { to: string } | null) => {});
      await task.enqueue({ to: 'ann' });
      await task.enqueue(null);
      expect(tools.enqueued(task).map(({ body }) => body)).to.deep.equal([{ to: 'ann' }, null]);
    });

    it('that were emitted are remembered, listened to or not', async () => {
      const seen: unknown[] = [];
      const users = autoClose(new Service({ environment: 'test', url: 'memory://test-mode', serviceName: 'users' }));
      const { emitted, runJobs } = testing(users);
      users.onEvent('users', 'user.created')((body) => void seen.push(body));
      await users.emit('user.created', { id: 1 });
      await users.emit('user.deleted', { id: 2 }, { messageId: 'mine' });
      await runJobs();
      expect(seen).to.deep.equal([{ id: 1 }]);
      expect(emitted('user.deleted')).to.deep.equal([{ event: 'user.deleted', id: 'mine', body: { id: 2 } }]);
    });

    it('wait with holdJobs() until runJobs(), which runs what they lead to as well', async () => {
      const seen: string[] = [];
      const second = service.jobTask('second')(() => void seen.push('second'));
      const first = service.jobTask('first')(async () => {
        seen.push('first');
        await second.enqueue();
      });
      tools.holdJobs();
      await first.enqueue();
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect([seen, tools.enqueued(first).length]).to.deep.equal([[], 1]);
      await tools.runJobs();
      expect(seen).to.deep.equal(['first', 'second']);
      await first.enqueue();
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(seen).to.have.length(2);
    });

    it('that are delayed or retried run as advance() lets time pass', async () => {
      const seen: string[] = [];
      const task = service.jobTask('late', { attempts: 3, backoff: 3_600_000 })((_body, { attempt }) => {
        seen.push(`run ${attempt}`);
        if (attempt < 3) throw new Error('again');
      });
      await task.enqueue(1, { delayMs: 3_600_000 });
      await tools.advance(3_000_000);
      expect(seen).to.deep.equal([]);
      await tools.advance(600_000);
      expect(seen).to.deep.equal(['run 1']);
      await tools.advance(7_200_000);
      expect(seen).to.deep.equal(['run 1', 'run 2', 'run 3']);
    });

    it('are forgotten by reset: what is held or delayed does not run', async () => {
      const seen: unknown[] = [];
      const task = service.jobTask('dropped')((body) => void seen.push(body));
      tools.holdJobs();
      await task.enqueue('held');
      await task.enqueue('delayed', { delayMs: 1000 });
      await tools.reset();
      expect(tools.enqueued(task)).to.deep.equal([]);
      await tools.advance(10_000);
      await task.enqueue('new');
      await tools.runJobs();
      expect(seen).to.deep.equal(['new']);
    });

    it('are not held in another environment, nor is time moved', async () => {
      const production = testing(new Service({ environment: 'production', url: 'memory://' }));
      expect(() => production.holdJobs()).to.throw(BgTasksError, 'environment "test"');
      for (const wait of [production.runJobs(), production.advance(1)]) {
        expect(await rejection(wait)).to.have.property('code', 'USAGE');
      }
      expect(() => tools.advance(-1)).to.throw(BgTasksError, 'from 0');
    });
  });
});
