import { connect } from 'amqplib';
import { ConnectionFailedError, ConnectionLostError, type Logger, Service } from 'bgtasks';
import { expect } from 'chai';
import { AmqpBroker } from '../../lib/broker/amqp/broker.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { pause, until } from '../support/until.js';

describe('RabbitMQ', () => {
  const warnings: object[] = [];
  const logger: Logger = { ...silentLogger, warn: (facts) => void warnings.push(facts) };

  beforeEach(() => {
    warnings.length = 0;
  });

  describe('that cannot be reached', () => {
    it('is an error that names host and port and says what to do, and no password', async () => {
      const service = autoClose(new Service({ url: 'amqp://user:secret@127.0.0.1:1/shop', logger }));
      for (const attempt of [service.start(), service.call('x')]) {
        const error = (await rejection(attempt)) as Error;
        expect(error).to.be.instanceOf(ConnectionFailedError);
        expect(error.message).to.match(/^Cannot reach RabbitMQ at 127\.0\.0\.1:1: .*ECONNREFUSED.*BGTASKS_URL/);
        expect(error.message).to.not.contain('secret');
      }
    });

    it('is an error that points at the credentials where those are refused', async () => {
      const url = new URL(rabbitUrl());
      url.password = 'wrong';
      const error = (await rejection(autoClose(new Service({ url: url.href, logger })).start())) as Error;
      expect(error.message).to.contain('Check user name, password and vhost.').and.to.not.contain('wrong');
    });

    it('is tried again by the next call', async () => {
      const proxy = autoClose(await new TcpProxy(Number(new URL(rabbitUrl()).port)).listen());
      await proxy.refuse();
      const route = unique('again');
      const worker = autoClose(new Service({ url: rabbitUrl(), logger }));
      worker.rpcTask(route)(() => 'served');
      await worker.start();
      const api = autoClose(new Service({ url: throughProxy(proxy), logger }));
      expect(await rejection(api.call(route))).to.be.instanceOf(ConnectionFailedError);
      await proxy.listen();
      expect(await api.call(route)).to.equal('served');
    });
  });

  describe('whose connection is lost', () => {
    let proxy: TcpProxy;

    beforeEach(async () => {
      proxy = autoClose(await new TcpProxy(Number(new URL(rabbitUrl()).port)).listen());
    });

    it('fails the calls that wait, saying that their task may have run; the next call connects again', async () => {
      const route = unique('cut');
      const worker = autoClose(new Service({ url: rabbitUrl(), logger, drainMs: 0 }));
      let isHeld = true;
      worker.rpcTask(route)(() => (isHeld ? new Promise(() => {}) : 'served'));
      await worker.start();
      const api = autoClose(new Service({ url: throughProxy(proxy), logger }));
      const waiting = rejection(api.call(route));
      await pause(100);
      proxy.cut();
      const error = (await waiting) as ConnectionLostError;
      expect(error).to.be.instanceOf(ConnectionLostError);
      expect(error.maybeExecuted).to.equal(true);
      isHeld = false;
      expect(await api.call(route)).to.equal('served');
    });

    it('is found again by the worker, which declares and consumes anew', async () => {
      const route = unique('back');
      const worker = autoClose(new Service({ url: throughProxy(proxy), logger }));
      worker.rpcTask(route)(() => 'served');
      await worker.start();
      const api = autoClose(new Service({ url: rabbitUrl(), logger }));
      expect(await api.call(route)).to.equal('served');
      await proxy.refuse();
      await until(() => !worker.health().connected && !worker.health().consuming);
      await proxy.listen();
      expect(await api.call(route)).to.equal('served');
      await until(() => worker.health().consuming);
      expect(worker.health().connected).to.equal(true);
    });

    it('is found again however often it is lost, with one consumer per task', async () => {
      const routes = [unique('often.a'), unique('often.b'), unique('often.c')];
      const worker = autoClose(new Service({ url: throughProxy(proxy), logger }));
      for (const route of routes) worker.rpcTask(route)(() => 'served');
      await worker.start();
      for (let cut = 0; cut < 30; cut += 1) {
        await pause(Math.random() * 25); // at any step of connecting, declaring, consuming
        proxy.cut();
      }
      const api = autoClose(new Service({ url: rabbitUrl(), logger }));
      await until(() => worker.health().consuming);
      for (const route of routes) expect(await api.call(route)).to.equal('served');
      const admin = await connect(rabbitUrl());
      const channel = await admin.createChannel();
      for (const route of routes) {
        await until(async () => (await channel.checkQueue(route)).consumerCount === 1);
      }
      await admin.close();
    });

    it('has what was not settled delivered again, and a late settling harms nothing', async () => {
      const route = unique('unsettled');
      const worker = autoClose(new Service({ url: throughProxy(proxy), logger }));
      const seen: boolean[] = [];
      worker.rpcTask(route)(async (_body, { redelivered }) => {
        seen.push(redelivered);
        if (!redelivered) proxy.cut();
        await pause(50);
        return redelivered;
      });
      await worker.start();
      const api = autoClose(new Service({ url: rabbitUrl(), logger }));
      expect(await api.call(route)).to.equal(true);
      expect(seen).to.deep.equal([false, true]);
      expect(await api.call(route)).to.be.a('boolean');
    });
  });

  it('has a forged reply address cost one connection, and not one after the other', async () => {
    const route = unique('forged');
    let runs = 0;
    const worker = autoClose(new Service({ url: rabbitUrl(), logger }));
    worker.rpcTask(route)(() => {
      runs += 1;
      return 'served';
    });
    await worker.start();
    const admin = await connect(rabbitUrl());
    const channel = await admin.createChannel();
    channel.publish('', route, Buffer.from('1'), { correlationId: 'x', replyTo: 'amq.rabbitmq.reply-to.a.b' });
    await channel.close();
    await admin.close();
    const api = autoClose(new Service({ url: rabbitUrl(), logger }));
    await until(() => runs >= 2);
    await pause(300);
    await until(async () => (await api.call(route, null, { timeoutMs: 1000 }).catch(() => '')) === 'served');
    expect(runs).to.be.at.most(4);
  });

  for (const kind of ['unknown', 'expired', 'job']) {
    it(`has a forged reply address cost as little where tasks share a queue: ${kind}`, async () => {
      const [queue, route, other] = [unique('shared'), unique('forged'), unique('other')];
      const ran: unknown[] = [];
      const worker = autoClose(new Service({ url: rabbitUrl(), logger }));
      if (kind === 'job') worker.jobTask(route, { protocol: 'celery', queue })(() => void ran.push(1));
      else worker.rpcTask(route, { protocol: 'celery', queue })(() => 1);
      worker.rpcTask(other, { protocol: 'celery', queue })(() => 'served');
      await worker.start();
      const admin = autoClose(await connect(rabbitUrl()));
      const channel = await admin.createChannel();
      const expires = kind === 'expired' ? '2020-01-01T00:00:00+00:00' : null;
      channel.publish('', queue, Buffer.from('[[], {}, {}]'), {
        ...{ contentType: 'application/json', replyTo: 'amq.rabbitmq.reply-to.a.b' },
        headers: { task: kind === 'unknown' ? unique('unknown') : route, id: 'x', expires },
      });
      await until(() => worker.health().reconnects > 0);
      await pause(1000);
      expect(worker.health().reconnects).to.be.at.most(2);
      expect(ran.length).to.be.at.most(2);
      const api = autoClose(new Service({ url: rabbitUrl(), logger }));
      const answer = () => api.call(other, { args: [] }, { protocol: 'celery', queue, timeoutMs: 1000 });
      await until(async () => (await answer().catch(() => '')) === 'served');
    });
  }

  it('does not keep a service from ending when it stops to answer', async () => {
    const proxy = autoClose(await new TcpProxy(Number(new URL(rabbitUrl()).port)).listen());
    const worker = new Service({ url: throughProxy(proxy), logger });
    worker.rpcTask(unique('frozen'))(() => 1);
    await worker.start();
    proxy.freeze();
    await worker.close(); // within mocha's timeout
  });

  it('declares a queue anew that was gone when it was bound', async () => {
    const broker = autoClose(new AmqpBroker([rabbitUrl()], silentLogger));
    const other = autoClose(new AmqpBroker([rabbitUrl()], silentLogger));
    const queue = { name: unique('bound'), durable: true, arguments: { 'x-queue-type': 'quorum' } };
    const binding = { from: 'amq.topic', key: queue.name, to: { queue: queue.name } };
    await broker.declare([{ queue }]);
    await other.deleteQueue(queue.name);
    expect(await rejection(broker.declare([{ queue }, { binding }]))).to.have.nested.property('details.code', 404);
    await broker.declare([{ queue }, { binding }]);
  });

  it('has a queue consumed again that was deleted under its consumer', async () => {
    const route = unique('deleted');
    const worker = autoClose(new Service({ url: rabbitUrl(), logger }));
    worker.rpcTask(route)(() => 'served');
    await worker.start();
    const admin = await connect(rabbitUrl());
    const channel = await admin.createChannel();
    await channel.deleteQueue(route);
    await admin.close();
    const api = autoClose(new Service({ url: rabbitUrl(), logger }));
    await until(async () => (await api.call(route, null, { timeoutMs: 1000 }).catch(() => undefined)) === 'served');
  });

  it('has a queue adopted that exists with other arguments, with one warning that shows the difference', async () => {
    const name = unique('adopted');
    const admin = await connect(rabbitUrl());
    const channel = await admin.createChannel();
    await channel.assertQueue(name, { durable: false });
    const broker = autoClose(new AmqpBroker([rabbitUrl()], logger));
    await broker.declare([{ queue: { name, durable: true, arguments: { 'x-queue-type': 'classic' } } }]);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.have.property('queue', name);
    expect(warnings[0]).to.have.property('difference').that.contains("inequivalent arg 'durable'");
    const other = unique('fine');
    await broker.declare([{ queue: { name: other, durable: true, arguments: { 'x-expires': 60_000 } } }]);
    expect((await channel.checkQueue(other)).queue).to.equal(other);
    await channel.deleteQueue(name);
    await admin.close();
  });

  it('has the queue of a task declared as documented', async () => {
    const route = unique('arguments');
    const worker = autoClose(new Service({ url: rabbitUrl(), logger }));
    worker.rpcTask(route)(() => 1);
    await worker.start();
    const admin = await connect(rabbitUrl());
    const channel = await admin.createChannel();
    const documented = { 'x-queue-type': 'classic', 'x-expires': 300_000 };
    await channel.assertQueue(route, { durable: true, arguments: documented }); // 406 where it differs
    await admin.close();
  });
});

function throughProxy(proxy: TcpProxy): string {
  const url = new URL(rabbitUrl());
  url.port = String(proxy.port);
  return url.href;
}
