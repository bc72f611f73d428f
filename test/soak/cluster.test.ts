import { connect } from 'amqplib';
import { expect } from 'chai';
import { Ledger } from '../support/ledger.js';
import { RabbitCluster } from '../support/rabbitmq/cluster.js';
import { until } from '../support/until.js';

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
});
