import { Service, type ServiceOptions } from 'bgtasks';
import { expect } from 'chai';
import { InboxMessage, inTransaction } from '../../lib/adapters/typeorm/index.js';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';
import { GROUNDS, Order } from './outbox-ground.js';

for (const ground of GROUNDS) {
  describe(`the inbox on ${ground.name}`, function () {
    this.timeout(30_000);
    let url: string;
    let route: string;

    before(async function () {
      if (!(await ground.open())) this.skip();
    });
    after(() => ground.close());

    beforeEach(async () => {
      await ground.clear();
      url = ground.brokerUrl();
      route = unique('job');
    });

    const serviceNamed = (serviceName: string, options: ServiceOptions = {}) =>
      autoClose(new Service({ url, serviceName, dataSource: ground.dataSource, logger: silentLogger, ...options }));
    const texts = async () => (await ground.dataSource.getRepository(Order).find()).map(({ text }) => text).toSorted();
    const isSettled = async (queue: string) => {
      const broker = await openBroker(url, silentLogger);
      const state = await broker.inspect(queue);
      await broker.close();
      return state?.messages === 0;
    };

    it('runs a message once, however often it comes', async () => {
      const worker = serviceNamed(unique('worker'));
      const job = worker.jobTask(route, { concurrency: 1 })(
        inTransaction(async (body: string, _context, manager) => {
          await manager.insert(Order, { text: body });
        }),
      );
      await worker.start();
      for (const body of ['a', 'a again']) await job.enqueue(body, { messageId: 'one' });
      await job.enqueue('b', { messageId: 'two' });
      await until(async () => (await texts()).length === 2);
      await until(() => isSettled(route));
      await pause(50);
      expect(await texts()).to.deep.equal(['a', 'b']);
      expect(await ground.dataSource.getRepository(InboxMessage).count()).to.equal(2);
    });

    it('runs it again after a failure, whose changes are gone', async () => {
      const worker = serviceNamed(unique('worker'));
      const job = worker.jobTask(route, { backoff: 1 })(
        inTransaction(async (_body, { attempt }, manager) => {
          await manager.insert(Order, { text: `attempt ${attempt}` });
          if (attempt === 1) throw new Error('not yet');
        }),
      );
      await worker.start();
      await job.enqueue(1);
      await until(async () => (await texts()).length === 1 && isSettled(route));
      expect(await texts()).to.deep.equal(['attempt 2']);
    });

    it('keeps the listeners of one event apart', async () => {
      const source = unique('shop');
      const worker = serviceNamed(unique('worker'));
      for (const name of ['mail', 'audit']) {
        worker.onEvent(source, 'paid', { name, concurrency: 1 })(
          inTransaction(async (_body, _context, manager) => {
            await manager.insert(Order, { text: name });
          }),
        );
      }
      await worker.start();
      const api = serviceNamed(source);
      for (const _time of [1, 2]) {
        await api.emit('paid', 1, { messageId: 'paid 1' });
        await until(async () => (await texts()).length === 2);
      }
      await pause(100);
      expect(await texts()).to.deep.equal(['audit', 'mail']);
    });

    it('sends what its handler enqueues with the same manager once, and nothing of a run that fails', async () => {
      const seen: unknown[] = [];
      const worker = serviceNamed(unique('worker'), { outbox: true });
      const next = worker.jobTask(unique('next'))((body) => void seen.push(body));
      const job = worker.jobTask(route, { backoff: 1, concurrency: 1 })(
        inTransaction(async (_body, { attempt }, manager) => {
          await next.enqueue(attempt, { manager });
          if (attempt === 1) throw new Error('not yet');
        }),
      );
      await worker.start();
      await job.enqueue(1, { messageId: 'one' });
      await until(() => seen.length === 1);
      await job.enqueue(1, { messageId: 'one' });
      await until(() => isSettled(route));
      await pause(50);
      expect(seen).to.deep.equal([2]);
    });

    it('forgets ids after `retentionMs`, of its own task alone', async () => {
      const serviceName = unique('worker');
      const worker = serviceNamed(serviceName);
      const job = worker.jobTask(route)(inTransaction(() => {}, { retentionMs: 60_000 }));
      const table = ground.dataSource.getRepository(InboxMessage);
      const consumer = `${serviceName}/${route}`;
      const row = (messageId: string, ageMs: number, name = consumer) => {
        return { messageId, consumer: name, runId: 'x', receivedAt: Date.now() - ageMs };
      };
      await table.insert([row('old', 61_000), row('new', 30_000), row('foreign', 61_000, 'other')]);
      await worker.start();
      await job.enqueue(1, { messageId: 'now' });
      await until(async () => (await table.countBy({ messageId: 'now' })) === 1);
      await until(async () => (await table.countBy({ messageId: 'old' })) === 0);
      const ids = (await table.find()).map(({ messageId }) => messageId);
      expect(ids.toSorted()).to.deep.equal(['foreign', 'new', 'now']);
    });

    it('forgets those of each task whose handler it is', async () => {
      const serviceName = unique('worker');
      const worker = serviceNamed(serviceName);
      const other = unique('other');
      const handler = inTransaction(() => {}, { retentionMs: 60_000 });
      const table = ground.dataSource.getRepository(InboxMessage);
      for (const name of [route, other]) {
        const job = worker.jobTask(name)(handler);
        const receivedAt = Date.now() - 61_000;
        await table.insert({ messageId: 'old', consumer: `${serviceName}/${name}`, runId: 'x', receivedAt });
        await worker.start();
        await job.enqueue(1);
        await until(async () => (await table.countBy({ messageId: 'old' })) === 0);
      }
    });

    it('is refused for tasks that answer, without a data source, and with nonsense', async () => {
      const worker = serviceNamed(unique('worker'));
      worker.rpcTask(route)(inTransaction(() => 1));
      await worker.start();
      const error = await rejection(worker.call(route, 1));
      expect(error).to.have.property('message').that.contains('is for jobs and events');
      expect(() => inTransaction('x' as never)).to.throw('needs a function');
      expect(() => inTransaction(() => {}, { retentionMs: 0 })).to.throw('"retentionMs"');
    });

    if (!ground.isPostgres) return;

    for (const [ending, expected] of [
      ['commits', ['first']],
      ['is rolled back', ['second']],
    ] as const) {
      it(`makes a duplicate wait for the run that is under way, which ${ending}`, async () => {
        let end = () => {};
        const isEnding = new Promise<void>((resolve) => {
          end = resolve;
        });
        let runs = 0;
        const handler = inTransaction(async (body: string, _context, manager) => {
          runs += 1;
          await manager.insert(Order, { text: body });
          if (body === 'second') return;
          await isEnding;
          if (ending !== 'commits') throw new Error('no');
        });
        const name = unique('worker');
        const [one, two] = [serviceNamed(name), serviceNamed(name)];
        one.jobTask(route, { attempts: 1 })(handler);
        await one.start();
        await one.enqueue(route, 'first', { messageId: 'same' });
        await until(() => runs === 1);
        two.jobTask(route, { attempts: 1 })(handler);
        await two.start();
        await two.enqueue(route, 'second', { messageId: 'same' });
        const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
        await until(async () => (await ground.dataSource.query(waiting)).length === 1);
        expect(runs).to.equal(1);
        end();
        await until(() => isSettled(route));
        await until(async () => (await texts()).length === 1);
        expect(await texts()).to.deep.equal(expected);
        expect(runs).to.equal(expected[0] === 'first' ? 1 : 2);
      });
    }
  });
}
