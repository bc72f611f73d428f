/** What was confirmed or committed survives a broker that is killed: events, delays, the outbox, slots of schedules. */
import { Service } from 'bgtasks';
import { expect } from 'chai';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { scheduleTopology } from '../../lib/topology/schedule.js';
import { workQueue } from '../../lib/topology/work-queue.js';
import { Ground, Order } from '../adapters/outbox-ground.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { Ledger } from '../support/ledger.js';
import { startOwnNode } from '../support/own-node.js';
import type { RabbitNode } from '../support/rabbitmq.js';
import { pause, until } from '../support/until.js';
import { Load } from './load.js';

describe('a broker that is killed and comes back', function () {
  this.timeout(60_000);
  let node: RabbitNode;

  before(async function () {
    node = await startOwnNode(this);
  });
  after(() => node?.stop());

  const serviceNamed = (serviceName: string, options: object = {}) =>
    autoClose(new Service({ url: node.url, serviceName, logger: silentLogger, drainMs: 0, ...options }));
  const ledgers = (count: number) => Array.from({ length: count }, () => autoClose(new Ledger()));
  const settled = async (load: Load) => {
    await load.stop();
    expect(load.wrong).to.deep.equal([]);
  };

  it('has every listener hear every event that was confirmed', async () => {
    const source = unique('source');
    const heard = ledgers(3);
    const [one, two] = [serviceNamed(unique('one')), serviceNamed(unique('two'))];
    const listen = (ledger: Ledger | undefined) => (body: unknown) => ledger?.effect((body as { id: number }).id);
    one.onEvent(source, 'counted')(listen(heard[0]));
    one.onEvent(source, 'counted', { name: 'again' })(listen(heard[1]));
    two.onEvent(source, '#')(listen(heard[2]));
    await Promise.all([one.start(), two.start()]);
    const emitter = serviceNamed(source);
    const confirmed = autoClose(new Ledger());
    const load = autoClose(
      new Load(confirmed, async (id) => {
        await emitter.emit('counted', { id });
        for (const ledger of heard) ledger.published(id);
      }),
    );
    await load.goesOn();
    await node.restart();
    await load.goesOn();
    await settled(load);
    await until(() => heard.every((ledger) => ledger.lost().length === 0));
  });

  it('runs each job whose delay ended while it was away, and each that was to wait longer', async () => {
    const route = unique('late');
    const ledger = autoClose(new Ledger());
    const worker = serviceNamed(unique('worker'));
    const due = new Map<number, number>();
    const early: number[] = [];
    worker.jobTask(route)((id: number) => {
      if (Date.now() < (due.get(id) ?? 0)) early.push(id);
      ledger.effect(id);
    });
    await worker.start();
    const api = serviceNamed(unique('api'));
    const enqueue = async (id: number) => {
      const delayMs = [1000, 2000, 3000, 6000][id % 4] as number;
      due.set(id, Date.now() + delayMs);
      await api.enqueue(route, id, { delayMs });
      ledger.published(id);
    };
    await Promise.all(Array.from({ length: 400 }, (_, id) => enqueue(id)));
    expect(ledger.counts().effects).to.equal(0);
    await node.kill();
    await pause(1500); // the first ones are due
    await node.restart();
    await until(() => ledger.lost().length === 0);
    expect(ledger.unexpected()).to.deep.equal([]);
    expect(early).to.deep.equal([]);
  });

  it('gets from the outbox, after it is back, all that was committed meanwhile', async function () {
    const ground = autoClose(new Ground('PostgreSQL', 1));
    if (!(await ground.open())) return this.skip();
    const route = unique('outbox');
    const ledger = autoClose(new Ledger());
    const worker = serviceNamed(unique('worker'));
    worker.jobTask(route)((id: number) => ledger.effect(id));
    await worker.start();
    const api = serviceNamed(unique('api'), { dataSource: ground.dataSource, outbox: { pollMs: 50, batchSize: 20 } });
    await api.start();
    const load = autoClose(
      new Load(ledger, async (id) => {
        await ground.dataSource.transaction(async (manager) => {
          await manager.insert(Order, { text: String(id) });
          await api.enqueue(route, id, { manager, messageId: String(id) });
        });
      }),
    );
    await load.goesOn(300);
    await until(() => ledger.counts().effects > 0); // the relay is at it
    await node.kill();
    await load.goesOn(300); // commits do not wait for the broker
    await node.restart();
    await load.goesOn(100);
    await settled(load);
    expect(load.refused.size).to.equal(0);
    await until(() => ledger.lost().length === 0);
    expect(ledger.unexpected()).to.deep.equal([]);
    await api.close();
  });

  it('has each slot of a schedule fired, also those that fell into the time without it, and none twice', async () => {
    const name = unique('clock');
    const { exchange, key, declarations } = scheduleTopology(name, 'beat');
    const seen: string[] = [];
    const observer = autoClose(await openBroker(node.url, silentLogger));
    const queue = unique('observer');
    const bound = { binding: { from: exchange, key, to: { queue } } };
    // Durable, beside the queue of runs: a job may run twice, and a slot must not.
    await observer.consume({
      queue,
      declarations: [...declarations, ...workQueue(queue), bound],
      prefetch: 100,
      onDelivery: (delivery) => {
        const id = String(delivery.properties.messageId);
        if (!delivery.redelivered || !seen.includes(id)) seen.push(id);
        delivery.ack();
      },
    });
    for (let process = 0; process < 2; process += 1) {
      const service = serviceNamed(name);
      service.every('beat', '1 s', { catchUp: 'all' })(() => {});
      await service.start();
    }
    await until(() => seen.length >= 2);
    await node.restart();
    const before = seen.length;
    await until(() => seen.length >= before + 3);
    const slots = [...new Set(seen)].map((id) => Number(id.split('@')[1])).sort((a, b) => a - b);
    expect(slots).to.deep.equal(slots.map((_, index) => (slots[0] ?? 0) + index * 1000));
    expect(seen.length - slots.length).to.be.at.most(1); // where the kill fell into a publish
  });
});
