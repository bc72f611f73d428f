import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Logger, Service, type ServiceOptions } from 'bgtasks';
import { expect } from 'chai';
import { DataSource, In } from 'typeorm';
import { OutboxMessage } from '../../lib/adapters/typeorm/index.js';
import { MemoryBroker } from '../../lib/broker/memory/broker.js';
import { full, notConfirmed, refused } from '../../lib/broker/publish-errors.js';
import type { OutboxStore } from '../../lib/clients/outbox.js';
import { publishBatch } from '../../lib/clients/relay-batch.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { pause, until } from '../support/until.js';
import { GROUNDS, Order } from './outbox-ground.js';

const KILLED = fileURLToPath(new URL('outbox-killed.js', import.meta.url));
const NOWHERE = 'amqp://127.0.0.1:1/';
/** Far longer than a test: what arrives was announced by its commit. */
const NO_POLL = { pollMs: 600_000 };

for (const ground of GROUNDS) {
  describe(`the outbox on ${ground.name}`, function () {
    this.timeout(30_000);
    let url: string;
    let source: string;
    let seen: { body: unknown; messageId: string }[];

    before(async function () {
      if (!(await ground.open())) this.skip();
    });
    after(() => ground.close());

    beforeEach(async () => {
      await ground.clear();
      url = ground.brokerUrl();
      source = unique('shop');
      seen = [];
    });

    const serviceWith = (options: ServiceOptions = {}) =>
      autoClose(
        new Service({
          url,
          serviceName: source,
          dataSource: ground.dataSource,
          outbox: { pollMs: 20 },
          logger: silentLogger,
          ...options,
        }),
      );
    /** Records the bodies of a job. */
    const worker = async (route: string, options: ServiceOptions = {}) => {
      const service = autoClose(new Service({ url, serviceName: unique('worker'), logger: silentLogger, ...options }));
      service.jobTask(route, { concurrency: 1 })((body, { messageId }) => void seen.push({ body, messageId }));
      service.onEvent(source, '#')((body, { messageId }) => void seen.push({ body, messageId }));
      await service.start();
      return service;
    };
    const rows = () => ground.dataSource.getRepository(OutboxMessage).find({ order: { id: 'ASC' } });
    const isEmpty = async () => (await rows()).length === 0;
    const bodies = () => seen.map(({ body }) => body);

    it('sends jobs and events after the commit, in their order, and forgets them', async () => {
      const route = unique('job');
      await worker(route);
      const api = serviceWith({ outbox: NO_POLL });
      const job = api.jobTask(route)(() => {});
      const orders = Array.from({ length: 60 }, (_, index) => index);
      const id = await ground.dataSource.transaction(async (manager) => {
        await manager.insert(Order, { text: 'one' });
        for (const n of orders) await api.enqueue(route, n, { manager });
        // As of a process that does not know the task: nothing to declare first, and yet not before the others.
        await manager.getRepository(OutboxMessage).update({ body: In(['1', '20', '41']) }, { declarations: [] });
        const handle = await job.enqueue(60, { manager, messageId: 'mine' });
        return handle.id;
      });
      await until(() => seen.length === 61);
      expect(id).to.equal('mine');
      expect(bodies()).to.deep.equal([...orders, 60]);
      expect(seen.at(-1)?.messageId).to.equal('mine');
      await ground.dataSource.transaction((manager) => api.emit('order.paid', { n: 1 }, { manager }));
      await until(() => seen.length === 62);
      expect(bodies().at(-1)).to.deep.equal({ n: 1 });
      await until(isEmpty);
      expect(await ground.dataSource.getRepository(Order).count()).to.equal(1);
    });

    it('sends nothing of a transaction that is rolled back, and nothing before a commit', async () => {
      const route = unique('job');
      await worker(route);
      const api = serviceWith();
      await api.start();
      const failed = ground.dataSource.transaction(async (manager) => {
        await manager.insert(Order, { text: 'never' });
        await api.enqueue(route, 'rolled back', { manager });
        await api.emit('order.paid', 'rolled back', { manager });
        await pause(150); // several polls
        expect(seen).to.have.length(0);
        throw new Error('no money');
      });
      expect(await rejection(failed)).to.have.property('message', 'no money');
      await ground.dataSource.transaction((manager) => api.enqueue(route, 'committed', { manager }));
      await until(isEmpty);
      await until(() => seen.length > 0);
      await pause(50);
      expect(bodies()).to.deep.equal(['committed']);
      expect(await ground.dataSource.getRepository(Order).count()).to.equal(0);
    });

    it('sends what another process has left, without a commit of its own', async () => {
      const route = unique('job');
      const other = serviceWith({ url: NOWHERE });
      other.jobTask(route)(() => {});
      await ground.dataSource.transaction((manager) => other.enqueue(route, 1, { manager }));
      await other.close();
      expect(await rows()).to.have.length(1);
      await worker(route);
      const api = serviceWith();
      await api.start();
      await until(() => seen.length === 1);
    });

    it('sends what was committed before close() within it', async () => {
      const route = unique('job');
      await worker(route);
      const api = serviceWith({ outbox: NO_POLL });
      await ground.dataSource.transaction((manager) => api.enqueue(route, 1, { manager }));
      await api.close();
      expect(await rows()).to.have.length(0);
      await until(() => seen.length === 1);
      expect(ground.dataSource.subscribers).to.have.length(0);
    });

    it('counts a delay from the time of enqueuing', async () => {
      const route = unique('job');
      await worker(route);
      const api = serviceWith();
      const start = Date.now();
      await ground.dataSource.transaction(async (manager) => {
        await api.enqueue(route, 'late', { manager, delayMs: 2000 });
        await pause(1200);
      });
      await until(() => seen.length === 1);
      expect(Date.now() - start).to.be.within(2000, 3150);
    });

    it('keeps what no queue takes, with the reason, tries again, and parks it; the others go on', async () => {
      const route = unique('job');
      const nowhere = unique('nowhere');
      await worker(route);
      const api = serviceWith({ outbox: { pollMs: 20, maxAttempts: 2 } });
      await ground.dataSource.transaction(async (manager) => {
        await api.enqueue(nowhere, 'lost', { manager });
        await api.enqueue(nowhere, 'lost late', { manager, delayMs: 1000 });
        await api.enqueue(route, 'good', { manager });
      });
      await until(() => seen.length === 1);
      await until(async () => (await rows()).every(({ notBefore }) => notBefore === null));
      const parked = await rows();
      expect(parked.map(({ attempts }) => attempts)).to.deep.equal([2, 2]);
      for (const { lastError } of parked) expect(lastError).to.match(/^NO_ROUTE: Nobody serves "nowhere/);
      await worker(nowhere);
      await ground.dataSource.getRepository(OutboxMessage).update({ routingKey: nowhere }, { notBefore: 0 });
      await until(() => seen.length === 3);
      expect(bodies()).to.deep.equal(['good', 'lost', 'lost late']);
    });

    it('finds the one message of a batch that ends its channel', async () => {
      const route = unique('job');
      await worker(route);
      const api = serviceWith({ outbox: { pollMs: 20, maxAttempts: 1 } });
      await ground.dataSource.transaction(async (manager) => {
        for (const n of [1, 2, 3]) await api.enqueue(route, n, { manager });
        const query = manager.getRepository(OutboxMessage);
        const [, second] = await query.find({ order: { id: 'ASC' } });
        await query.update({ id: second?.id ?? '' }, { exchange: unique('none'), declarations: [] });
      });
      await until(async () => (await rows()).length === 1);
      await until(() => new Set(bodies()).size === 2);
      expect([...new Set(bodies())]).to.deep.equal([1, 3]);
      expect((await rows())[0]).to.include({ attempts: 1, notBefore: null });
    });

    it('parks rows that cannot be read; the others go on', async () => {
      const route = unique('job');
      await worker(route);
      const api = serviceWith({ outbox: { pollMs: 20, maxAttempts: 1 } });
      await ground.dataSource.transaction(async (manager) => {
        for (const n of [1, 2, 3]) await api.enqueue(route, n, { manager });
        await manager.query(`UPDATE bgtasks_outbox SET properties = '{"head' WHERE body = '1'`);
        await manager.query(`UPDATE bgtasks_outbox SET encoding = 'rot13' WHERE body = '2'`);
      });
      await until(() => seen.length === 1);
      expect(bodies()).to.deep.equal([3]);
      await until(async () => (await rows()).every(({ notBefore }) => notBefore === null));
      const [first, second] = await rows();
      expect(first?.lastError).to.match(/^USAGE: .*"properties" is no JSON object/);
      expect(second?.lastError).to.match(/^USAGE: .*"encoding" is "rot13"/);
    });

    it('carries bytes that are no text', async () => {
      const route = unique('job');
      await worker(route);
      const api = serviceWith();
      await ground.dataSource.transaction(async (manager) => {
        await api.enqueue(route, 'x', { manager });
        const bytes = Buffer.from('"\u00e9\u0000 \ud83d\ude00"'.replace('\u0000', '\\u0000'));
        const change = { body: bytes.toString('base64'), encoding: 'base64' } as const;
        await manager.getRepository(OutboxMessage).update({ routingKey: route }, change);
      });
      await until(() => seen.length === 1);
      expect(bodies()).to.deep.equal(['\u00e9\u0000 \ud83d\ude00']);
    });

    describe('misused', () => {
      it('says that the setting is missing', async () => {
        const api = serviceWith({ outbox: false });
        await ground.dataSource.transaction(async (manager) => {
          for (const sent of [api.enqueue('x', 1, { manager }), api.emit('x', 1, { manager })]) {
            const error = await rejection(sent);
            expect(error).to.have.property('code', 'USAGE');
            expect(error).to.have.property('message').that.contains('outbox: true');
          }
        });
      });

      it('refuses a manager that is none, in no transaction, or of another data source', async () => {
        const api = serviceWith();
        const other = await new DataSource({ type: 'sqljs', entities: [OutboxMessage] }).initialize();
        const refused = async (manager: object, text: string) => {
          const error = await rejection(api.enqueue('x', 1, { manager }));
          expect(error).to.have.property('code', 'USAGE');
          expect(error).to.have.property('message').that.contains(text);
        };
        for (const none of [{}, null, 7]) await refused(none as object, 'EntityManager');
        await refused(ground.dataSource.manager, 'in no transaction');
        await other.transaction((manager) => refused(manager, 'another data source'));
        await other.destroy();
      });

      it('asks for the table', async () => {
        const dataSource = autoClose(Object.assign(new DataSource({ type: 'sqljs' }), { close: async () => {} }));
        const api = serviceWith({ dataSource });
        const error = await rejection(api.start());
        expect(error).to.have.property('code', 'INVALID_SETTING');
        expect(error).to.have.property('message').that.contains('add OutboxMessage of "bgtasks/typeorm"');
      });

      for (const [outbox, text] of [
        [7, 'true, false or an object'],
        [{ pollMS: 1 }, 'unknown option "pollMS"'],
        [{ batchSize: 0 }, '"batchSize" must be a whole number from 1 to 5000, not 0'],
      ] as const) {
        it(`refuses ${JSON.stringify(outbox)} as the setting`, () => {
          expect(() => serviceWith({ outbox: outbox as never })).to.throw(text);
        });
      }

      it('needs a data source', () => {
        expect(() => new Service({ url, outbox: true }).settings).to.throw('"outbox" needs the setting "dataSource"');
      });
    });

    if (!ground.isPostgres) return;

    it('is emptied by two relays at once, each message once', async () => {
      const route = unique('job');
      const api = serviceWith({ url: NOWHERE });
      api.jobTask(route)(() => {});
      const expected = Array.from({ length: 500 }, (_, index) => index);
      await ground.dataSource.transaction(async (manager) => {
        for (const n of expected) await api.enqueue(route, n, { manager });
      });
      await api.close();
      expect(await rows()).to.have.length(500);
      const other = await ground.another();
      const relays = [ground.dataSource, other].map((dataSource) =>
        serviceWith({ dataSource, outbox: { pollMs: 20, batchSize: 20 } }),
      );
      await worker(route);
      await Promise.all(relays.map((relay) => relay.start()));
      await until(isEmpty);
      await until(() => seen.length >= 500);
      await pause(100);
      expect(bodies().toSorted((one, two) => Number(one) - Number(two))).to.deep.equal(expected);
      for (const relay of relays) await relay.close();
      await other.destroy();
    });

    it('passes over what another relay has locked, and takes it when that one is gone', async () => {
      const route = unique('job');
      const away = serviceWith({ url: NOWHERE });
      away.jobTask(route)(() => {});
      await ground.dataSource.transaction(async (manager) => {
        for (const n of [1, 2, 3]) await away.enqueue(route, n, { manager });
      });
      await away.close();
      const other = await ground.another();
      const runner = other.createQueryRunner();
      await runner.startTransaction();
      await runner.query(`SELECT 1 FROM bgtasks_outbox WHERE body = '2' FOR UPDATE`);
      await worker(route);
      await serviceWith().start();
      await until(() => seen.length === 2);
      await pause(100);
      expect(bodies()).to.deep.equal([1, 3]);
      await runner.release();
      await other.destroy(); // its connection ends, as that of a killed process does
      await until(() => seen.length === 3);
      expect(bodies().at(-1)).to.equal(2);
    });

    it('loses nothing to a SIGKILL after the commit, and sends nothing of a SIGKILL before it', async () => {
      const route = unique('job');
      for (const when of ['before', 'after']) {
        const child = fork(KILLED, [String(ground.port), route, when], { stdio: 'inherit' });
        const [, signal] = await once(child, 'exit');
        expect(signal).to.equal('SIGKILL');
      }
      await worker(route);
      await serviceWith().start();
      await until(() => seen.length === 1);
      await until(isEmpty);
      expect(seen).to.deep.equal([{ body: 'after', messageId: 'killed after the commit' }]);
      const orders = await ground.dataSource.getRepository(Order).find();
      expect(orders.map(({ text }) => text)).to.deep.equal(['after']);
    });

    it('waits for a broker that is away at the commit, and says so once', async () => {
      const route = unique('job');
      const proxy = autoClose(await new TcpProxy(Number(new URL(rabbitUrl()).port)).listen());
      const through = new URL(rabbitUrl());
      through.port = String(proxy.port);
      await proxy.refuse();
      const lines: string[] = [];
      const record = (_facts: object, text = '') => void (text.startsWith('outbox') && lines.push(text));
      const logger: Logger = { debug() {}, info: record, warn: record, error: record };
      await worker(route);
      const api = serviceWith({ url: through.href, logger });
      await ground.dataSource.transaction((manager) => api.enqueue(route, 1, { manager }));
      await ground.dataSource.transaction((manager) => api.enqueue(route, 2, { manager }));
      await until(() => lines.length > 0);
      await pause(300);
      expect(lines).to.deep.equal(['outbox: nothing can be relayed for now']);
      expect((await rows()).map(({ attempts }) => attempts)).to.deep.equal([0, 0]);
      await proxy.listen();
      await until(() => seen.length === 2);
      await until(() => lines.length === 2);
      expect(lines[1]).to.equal('outbox: messages are relayed again');
      await api.close();
    });

    it('sends again, under the same id, what it could not delete', async () => {
      const route = unique('job');
      await worker(route);
      await ground.dataSource.query(`
        CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql;
        CREATE TRIGGER refuse BEFORE DELETE ON bgtasks_outbox FOR EACH ROW EXECUTE FUNCTION refuse();`);
      const api = serviceWith();
      await ground.dataSource.transaction((manager) => api.enqueue(route, 1, { manager, messageId: 'same' }));
      await until(() => seen.length === 1);
      await ground.dataSource.query('DROP FUNCTION refuse() CASCADE');
      await until(isEmpty);
      await until(() => seen.length >= 2);
      expect(new Set(seen.map(({ messageId }) => messageId))).to.deep.equal(new Set(['same']));
    });
  });
}

describe('a batch of the outbox', () => {
  const message = { exchange: '', routingKey: 'route', body: Buffer.from('1'), properties: {} };
  const entry = { id: '1', attempts: 0, message, declarations: [], mandatory: true, dueAt: undefined };
  const amount = { messages: 10_000, bytes: 1 };
  for (const [name, error, isCounted] of [
    ['that finds no room to wait', full(message, amount, amount), false],
    ['that an alarm keeps from being sent', notConfirmed(message, 30_000, false, 'memory'), false],
    ['that the broker refuses', refused(message, new Error('message nacked')), true],
  ] as const) {
    it(`${isCounted ? 'counts' : 'does not count'} a message ${name}`, async () => {
      const broker = autoClose(new MemoryBroker(`memory://${unique('batch')}`));
      broker.publish = () => Promise.reject(error);
      const settings = { pollMs: 1000, batchSize: 100, maxAttempts: 1 };
      const store = {} as OutboxStore; // a batch is given its entries
      const { results, failure } = await publishBatch({ store, broker, settings, log: silentLogger }, [entry]);
      expect(results).to.have.length(isCounted ? 1 : 0);
      expect(failure).to.equal(isCounted ? undefined : error);
    });
  }
});
