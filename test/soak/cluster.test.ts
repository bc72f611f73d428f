import { connect } from 'amqplib';
import { Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { Load } from '../faults/load.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { Ledger } from '../support/ledger.js';
import { RabbitCluster } from '../support/rabbitmq/cluster.js';
import { listDeclared } from '../support/rabbitmq/operator.js';
import { pause, until } from '../support/until.js';

describe('a cluster of three nodes', () => {
  let cluster: RabbitCluster;
  let ledger: Ledger;

  before(async () => {
    cluster = await RabbitCluster.start(3);
    ledger = new Ledger();
  });
  after(async () => {
    await cluster?.close();
    await ledger?.close();
  });

  it('keeps every confirmed message of a quorum queue when the node is killed through which it was declared', async () => {
    const [first, second] = cluster.nodes;
    if (!first || !second) throw new Error('There are three.');
    const publisher = await connect(first.url);
    publisher.on('error', () => {});
    const channel = await publisher.createConfirmChannel();
    channel.on('error', () => {});
    const jobs = { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-quorum-initial-group-size': 3 } };
    await channel.assertQueue('jobs', jobs);
    let isLost = false;
    publisher.on('close', () => {
      isLost = true;
    });
    for (let id = 0; id < 20_000 && !isLost; id += 1) {
      channel.sendToQueue('jobs', Buffer.from(String(id)), { persistent: true }, (error) => {
        if (!error) ledger.published(id);
      });
      if (id === 5000) void first.kill();
      if (id % 100 === 0) await new Promise(setImmediate);
    }
    await until(() => isLost);

    const consumer = await connect(second.url);
    const consuming = await consumer.createChannel();
    await consuming.prefetch(100);
    await consuming.consume('jobs', (message) => {
      if (!message) return;
      ledger.effect(message.content.toString());
      consuming.ack(message);
    });
    await until(() => ledger.lost().length === 0);
    expect(ledger.counts().published).to.be.above(0);
    await consumer.close();
  });

  it('takes the killed node back', async () => {
    const [first] = cluster.nodes;
    if (!first) throw new Error('There are three.');
    await first.restart();
    await until(async () => (await first.evaluate('length(nodes())')) === '2');
    const model = await connect(first.url);
    const channel = await model.createChannel();
    await channel.checkQueue('jobs');
    await model.close();
  });

  /** It is the node of both connections and of the leaders of their queues: these are declared through it. */
  it('has every job done that a Service enqueued, and every delayed one, while their node is killed and comes back', async () => {
    const [first] = cluster.nodes;
    if (!first) throw new Error('There are three.');
    const own = autoClose(new Ledger());
    const url = cluster.nodes.map((node) => node.url);
    const route = unique('cluster');
    const [worker, api] = [1, 2].map(() =>
      autoClose(new Service({ url, logger: silentLogger, serviceName: 'cluster' })),
    );
    worker?.jobTask(route)(async ({ id }: { id: number }) => {
      await pause(5);
      own.effect(id);
    });
    await worker?.start();
    const load = autoClose(
      new Load(own, async (id) => {
        await api?.enqueue(route, { id }, id % 10 === 0 ? { delayMs: 2000 } : {});
      }),
    );
    await load.goesOn(1000);
    const killed = first.kill();
    const killedAt = performance.now();
    await load.goesOn(1000);
    console.log(`      1,000 jobs more were confirmed ${Math.round(performance.now() - killedAt)} ms after the kill`);
    await killed;
    await first.restart();
    await load.goesOn(1000);
    await load.stop();
    expect(load.wrong).to.deep.equal([]);
    await until(() => own.lost().length === 0);
    console.log(`      ${own.counts().effects} jobs, ${own.duplicates().length} came twice, refused:`, load.refused);
    const { arguments: args } = (await listDeclared(first)).queues.find(({ name }) => name === route) ?? {};
    expect(args?.['x-queue-type']).to.equal('quorum');
    expect(worker?.health()).to.include({ connected: true, consuming: true });
  });
});
