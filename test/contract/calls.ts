/** Calls that are given up, that may run twice, that time out: what holds for them, whatever the broker. */
import {
  type CallAbortedError,
  type CallOptions,
  type Logger,
  NoRouteError,
  RemoteError,
  RpcTimeoutError,
  Service,
  type ServiceOptions,
  ServiceStoppingError,
} from 'bgtasks';
import { expect } from 'chai';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { explainedTimeout } from '../support/timed-out.js';
import { pause, until } from '../support/until.js';

export function callsContract(address: () => string): void {
  let url: string;
  let worker: Service;
  let api: Service;
  const logger: Logger = silentLogger;
  const service = (options: ServiceOptions = {}) => autoClose(new Service({ url, logger, ...options }));

  beforeEach(() => {
    url = address();
    worker = service({ drainMs: 0 });
    api = service();
  });

  /** A task that runs until its signal is aborted, and what it learns then. */
  const abortable = () => {
    const route = unique('abortable');
    const reasons: unknown[] = [];
    let started = 0;
    worker.rpcTask(route)((_body, { signal }) => {
      started += 1;
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          // At the deadline the caller's own timer should be the first.
          if (signal.reason instanceof RpcTimeoutError) setTimeout(reject, 50, signal.reason);
          else reject(signal.reason);
        });
      });
    });
    return { route, reasons, started: () => started };
  };

  describe('a call that is given up', () => {
    it('aborts the signal of its handler, and of no other', async () => {
      const { route, reasons, started } = abortable();
      await worker.start();
      const abort = new AbortController();
      const given = rejection(api.call(route, 1, { signal: abort.signal }));
      const other = rejection(api.call(route, 2, { timeoutMs: 5000 }));
      await until(() => started() === 2);
      abort.abort(new Error('the user went away'));
      expect(await given).to.have.property('code', 'CALL_ABORTED');
      await until(() => reasons.length === 1);
      expect(reasons[0]).to.have.property('code', 'CALL_ABORTED');
      await pause(20);
      expect(reasons).to.have.length(1);
      await api.close();
      await other;
    });

    it('is not started where it waits for a handler to end', async () => {
      const route = unique('waiting');
      const ran: unknown[] = [];
      const aborted: unknown[] = [];
      const ends: (() => void)[] = [];
      const busy = service({ concurrency: 2 });
      busy.rpcTask(route)((body, { signal }) => {
        ran.push(body);
        signal.addEventListener('abort', () => aborted.push(body));
        return new Promise<void>((resolve) => ends.push(resolve));
      });
      // There is room for more deliveries of this one: it waits at the gate of the whole service.
      const held = unique('held');
      busy.rpcTask(held)((body) => void ran.push(body));
      await busy.start();
      const first = api.call(route, 'first');
      const [abort, abortSecond] = [new AbortController(), new AbortController()];
      const second = rejection(api.call(route, 'second', { signal: abortSecond.signal }));
      await until(() => ran.length === 2);
      const waiting = rejection(api.call(held, 'waiting', { signal: abort.signal }));
      await pause(30);
      abort.abort();
      await waiting;
      abortSecond.abort();
      await until(() => aborted.length === 1); // aborts come in order: that of the one that waits was before
      for (const end of ends) end();
      await Promise.all([first, second]);
      await api.call(held, 'last');
      expect(ran).to.have.members(['first', 'second', 'last']);
    });

    it('reaches a task that was registered after the start', async () => {
      await worker.start();
      const { route, reasons, started } = abortable();
      await worker.start();
      const abort = new AbortController();
      const given = rejection(api.call(route, 1, { signal: abort.signal }));
      await until(() => started() === 1);
      abort.abort();
      await given;
      await until(() => reasons.length === 1);
    });

    it('may share its signal with any number of others', async () => {
      const { route } = abortable();
      await worker.start();
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => void warnings.push(warning);
      process.on('warning', onWarning);
      const abort = new AbortController();
      const all = Array.from({ length: 30 }, () => rejection(api.call(route, 1, { signal: abort.signal })));
      await pause(20);
      abort.abort();
      for (const error of await Promise.all(all))
        expect(error as CallAbortedError).to.have.property('code', 'CALL_ABORTED');
      expect(api.health().pendingCalls).to.equal(0);
      await pause(5); // warnings come in a later turn
      process.off('warning', onWarning);
      expect(warnings).to.deep.equal([]);
    });

    it('says nothing to anybody where nobody listens', async () => {
      const route = unique('quiet');
      const broker = autoClose(await openBroker(url, silentLogger));
      await broker.declare([{ queue: { name: route, durable: true, arguments: { 'x-expires': 60_000 } } }]);
      const abort = new AbortController();
      const given = rejection(api.call(route, 1, { signal: abort.signal }));
      await pause(20);
      abort.abort();
      expect(await given).to.have.property('code', 'CALL_ABORTED');
      expect(await rejection(api.call(unique('nobody')))).to.be.instanceOf(NoRouteError); // the channel lives
    });

    it('is not mixed up with anything else that is sent where aborts are', async () => {
      const { route, reasons, started } = abortable();
      await worker.start();
      await api.start();
      const call = rejection(api.call(route, 1, { timeoutMs: 500 }));
      await until(() => started() === 1);
      const broker = autoClose(await openBroker(url, silentLogger));
      const exchange = 'bgtasks.v1.control';
      for (const properties of [
        {},
        { type: 'cancel' },
        { type: 'other', correlationId: 'x' },
        { type: 'cancel', correlationId: '__proto__' },
      ]) {
        await broker.publish({ exchange, routingKey: `cancel.${route}`, body: Buffer.from('{'), properties });
      }
      expect(await call).to.be.instanceOf(RpcTimeoutError);
      expect(reasons).to.satisfy((all: Error[]) => all.every((reason) => reason instanceof RpcTimeoutError));
    });
  });

  describe('a service that stops', () => {
    it('aborts the signals of handlers that it gives up, after drainMs', async () => {
      worker = service({ drainMs: 30 });
      const { route, reasons, started } = abortable();
      await worker.start();
      const answer = rejection(api.call(route, 1, { timeoutMs: 5000 }));
      await until(() => started() === 1);
      await worker.close();
      expect(reasons).to.have.length(1);
      expect(reasons[0]).to.be.instanceOf(ServiceStoppingError);
      const error = (await answer) as RemoteError;
      expect(error).to.be.instanceOf(RemoteError);
      expect(error.remote.code).to.equal('SERVICE_STOPPING');
    });
  });

  describe('a timeout', () => {
    it('says where nobody consumes the queue', async () => {
      const route = unique('idle');
      worker.rpcTask(route)(() => 1);
      await worker.start();
      await worker.close();
      // In the memory broker a queue lives as long as a service that is connected to its hub.
      const broker = autoClose(await openBroker(url, silentLogger));
      await broker.declare([
        { queue: { name: route, durable: true, arguments: { 'x-queue-type': 'classic', 'x-expires': 300_000 } } },
      ]);
      const error = await explainedTimeout(() => api.call(route, 1, { timeoutMs: 60 }));
      expect(error.message).to.contain('Nobody consumes its queue').and.to.contain('start its service');
      expect(error.details).to.include({ route, timeoutMs: 60, consumers: 0 });
    });

    it('says it also where somebody consumed the queue when it was asked last', async () => {
      const route = unique('gone');
      worker.rpcTask(route)(() => pause(300));
      await worker.start();
      const before = await explainedTimeout(() => api.call(route, 1, { timeoutMs: 60 }));
      expect(before.details).to.include({ consumers: 1 });
      await worker.close();
      await pause(1000);
      const after = await explainedTimeout(() => api.call(route, 1, { timeoutMs: 60 }));
      expect(after.details).to.include({ consumers: 0 });
    });

    it('tells apart the queues that one route is called at', async () => {
      const [route, served, idle] = [unique('task'), unique('served'), unique('idle')];
      worker.rpcTask(route, { protocol: 'celery', queue: served })(() => pause(300));
      await worker.start();
      const broker = autoClose(await openBroker(url, silentLogger));
      await broker.declare([{ queue: { name: idle, durable: true, arguments: {} } }]);
      const at = (queue: string) =>
        explainedTimeout(() => api.call(route, { args: [] }, { protocol: 'celery', queue, timeoutMs: 60 }));
      expect((await at(idle)).details).to.include({ consumers: 0 });
      expect((await at(served)).details).to.include({ consumers: 1 });
    });

    it('of many calls in one instant is explained all the same', async () => {
      const { route } = abortable();
      await worker.start();
      const all = Array.from({ length: 200 }, () => rejection(api.call(route, 1, { timeoutMs: 100 })));
      for (const error of await Promise.all(all)) {
        expect(error).to.be.instanceOf(RpcTimeoutError);
        expect((error as Error).message).to.contain('Its queue has 1 consumer');
      }
      expect(api.health().pendingCalls).to.equal(0);
    });
  });

  describe('retries', () => {
    it('find a service that comes later, within one timeout', async () => {
      const route = unique('later');
      const answer = api.call(route, 1, { idempotent: true, retry: 50, timeoutMs: 8000 });
      await pause(60);
      worker.rpcTask(route)(() => 'found');
      await worker.start();
      expect(await answer).to.equal('found');
    });

    it('end with the last error when they are used up', async () => {
      const error = await rejection(api.call(unique('nobody'), 1, { idempotent: true, retry: 2 }));
      expect(error).to.be.instanceOf(NoRouteError);
    });

    it('end with the timeout', async () => {
      const error = await rejection(api.call(unique('nobody'), 1, { idempotent: true, retry: 100, timeoutMs: 80 }));
      expect(error).to.have.property('code').that.is.oneOf(['NO_ROUTE', 'RPC_TIMEOUT']);
    });

    it('end when the signal is aborted', async () => {
      const abort = new AbortController();
      const options = { idempotent: true, retry: 100, signal: abort.signal };
      const error = rejection(api.call(unique('nobody'), 1, options));
      await pause(30);
      abort.abort();
      expect(await error)
        .to.have.property('code')
        .that.is.oneOf(['CALL_ABORTED', 'NO_ROUTE']);
    });

    it('are not made for what the handler throws', async () => {
      const route = unique('throws');
      let runs = 0;
      worker.rpcTask(route)(() => {
        runs += 1;
        throw new Error('no');
      });
      await worker.start();
      expect(await rejection(api.call(route, 1, { idempotent: true, retry: 3 }))).to.be.instanceOf(RemoteError);
      expect(runs).to.equal(1);
    });
  });

  describe('options', () => {
    for (const [options, part] of [
      [{ timeout: 5 }, 'unknown option "timeout". Options are: timeoutMs, signal, idempotent, retry, protocol, queue.'],
      [{ timeoutMs: 0 }, '"timeoutMs" must be a number of milliseconds above 0 and at most 2147483647, not 0.'],
      [{ timeoutMs: '5' }, '"timeoutMs" must be a number of milliseconds'],
      [{ signal: {} }, '"signal" must be an AbortSignal, not {}.'],
      [{ idempotent: 1 }, '"idempotent" must be true or false, not 1.'],
      [{ idempotent: true, retry: 1.5 }, '"retry" must be a whole number from 0 to 100, not 1.5.'],
      [{ retry: 1 }, '"retry" needs "idempotent: true"'],
    ] as const) {
      it(`that are ${JSON.stringify(options)} are refused before anything is sent`, async () => {
        const route = unique('options');
        const error = (await rejection(api.call(route, 1, options as CallOptions))) as Error;
        expect(error).to.have.property('code', 'USAGE');
        expect(error.message).to.contain(`Calling "${route}": `).and.to.contain(part);
        expect(api.health().pendingCalls).to.equal(0);
      });
    }
  });

  describe('answers', () => {
    it('come to a queue of the process where the setting replyQueue says so', async () => {
      const route = unique('exclusive');
      worker.rpcTask(route)((body) => body);
      await worker.start();
      const own = service({ replyQueue: 'exclusive' });
      expect(await Promise.all([1, 2, 3].map((body) => own.call(route, body)))).to.deep.equal([1, 2, 3]);
      expect(await rejection(own.call(unique('nobody')))).to.be.instanceOf(NoRouteError);
    });

    it('are counted where the queue of their caller is gone', async () => {
      const route = unique('gone');
      let end = () => {};
      worker = service({ drainMs: 1000 });
      worker.rpcTask(route)(
        () =>
          new Promise<void>((resolve) => {
            end = resolve;
          }),
      );
      await worker.start();
      const caller = service({ replyQueue: 'exclusive' });
      const answer = rejection(caller.call(route));
      await until(() => worker.health().inFlight === 1);
      await caller.close();
      await answer;
      await pause(50); // the broker forgets the address in its own time
      end();
      await until(() => worker.health().repliesDropped === 1);
    });

    it('are not counted where they arrived', async () => {
      const route = unique('arrives');
      worker = service();
      worker.rpcTask(route)((body) => body);
      await worker.start();
      for (const replyQueue of ['direct', 'exclusive'] as const) {
        const caller = service({ replyQueue });
        expect(await Promise.all([1, 2, 3].map((body) => caller.call(route, body)))).to.deep.equal([1, 2, 3]);
      }
      await pause(50); // a returned reply would be on its way
      expect(worker.health().repliesDropped).to.equal(0);
    });
  });

  describe('health', () => {
    it('shows what an operator needs', async () => {
      const { route, started } = abortable();
      const nothing = { connected: false, consuming: false, blockedBy: undefined, inFlight: 0, pendingCalls: 0 };
      const counts = { reconnects: 0, repliesDropped: 0, children: 0, childrenLost: 0 };
      expect(worker.health()).to.deep.equal({ ...nothing, ...counts });
      await worker.start();
      const abort = new AbortController();
      const answer = rejection(api.call(route, 1, { signal: abort.signal }));
      await until(() => started() === 1);
      expect(worker.health()).to.include({ connected: true, consuming: true, inFlight: 1, pendingCalls: 0 });
      expect(api.health()).to.include({ connected: true, consuming: false, inFlight: 0, pendingCalls: 1 });
      abort.abort();
      await answer;
      await until(() => worker.health().inFlight === 0);
      expect(api.health().pendingCalls).to.equal(0);
    });
  });
}
