import { connect } from 'amqplib';
import { expect } from 'chai';
import { AmqpBroker } from '../../lib/broker/amqp/broker.js';
import type { Delivery } from '../../lib/broker/broker.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { pause, until } from '../support/until.js';

async function throughProxy() {
  const url = new URL(rabbitUrl());
  const proxy = autoClose(await new TcpProxy(Number(url.port)).listen());
  url.port = String(proxy.port);
  return { proxy, broker: autoClose(new AmqpBroker([url.href], silentLogger)) };
}

describe('RabbitMQ, whose queues are taken away', () => {
  it('loses the channel of calls with its queue of replies, so that nobody waits in vain', async () => {
    const broker = autoClose(new AmqpBroker([rabbitUrl()], silentLogger));
    const losses: (Error | undefined)[] = [];
    const listener = { onReply: () => {}, onReturn: () => {}, onLost: (cause?: Error) => void losses.push(cause) };
    const exchange = { name: unique('replies'), type: 'direct', durable: false, autoDelete: true } as const;
    const { replyTo } = await broker.openCalls(listener, { boundTo: exchange });
    await broker.deleteQueue(replyTo);
    await until(() => losses.length === 1);
    await broker.openCalls(listener, 'exclusive');
    expect(losses).to.have.length(1);
  });

  it('has its consumers brought back but for the one that cannot be declared, until that can be', async () => {
    const { proxy, broker } = await throughProxy();
    const [good, bad] = [unique('good'), unique('bad')];
    const got: string[] = [];
    for (const queue of [good, bad]) {
      await broker.consume({
        queue,
        declarations: [{ queue: { name: queue, durable: true, arguments: { 'x-expires': 60_000 } } }],
        prefetch: 1,
        onDelivery: (delivery) => {
          got.push(delivery.body.toString());
          delivery.ack();
        },
      });
    }
    await proxy.refuse();
    const other = autoClose(await connect(rabbitUrl()));
    const channel = await other.createChannel();
    await channel.deleteQueue(bad);
    await channel.assertQueue(bad, { exclusive: true }); // somebody else's: 405 for everybody
    await proxy.listen();
    await broker.publish({ exchange: '', routingKey: good, body: Buffer.from('x'), properties: {} });
    await until(() => got.length === 1);
    expect(broker.isConsuming).to.equal(false);
    await channel.deleteQueue(bad);
    await until(() => broker.isConsuming);
  });
});

describe('RabbitMQ, where a queue is deleted while it is being consumed', () => {
  it('has it declared and consumed again, though both answers come at once', async () => {
    const { proxy, broker } = await throughProxy();
    const [first, queue] = [unique('first'), unique('brief')];
    const declared = (name: string) =>
      [{ queue: { name, durable: true, arguments: { 'x-expires': 60_000 } } }] as const;
    const got: string[] = [];
    const consume = (name: string) => {
      const onDelivery = (delivery: Delivery) => {
        got.push(delivery.body.toString());
        delivery.ack();
      };
      return broker.consume({ queue: name, declarations: declared(name), prefetch: 1, onDelivery });
    };
    await consume(first); // so that there is a channel
    const { cancel } = await consume(queue); // and the queue, known as declared
    await cancel();
    const other = autoClose(await connect(rabbitUrl()));
    const channel = await other.createChannel();

    proxy.slow({ latencyMs: 200 }, 'down');
    const before = proxy.counts.bytesDown;
    const consumed = consume(queue);
    await until(() => proxy.counts.bytesDown > before); // the answer to its prefetch; it consumes now
    proxy.freeze('down');
    await until(async () => (await channel.checkQueue(queue)).consumerCount === 1);
    await channel.deleteQueue(queue);
    await pause(300);
    proxy.thaw();
    await consumed;

    await broker.publish({ exchange: '', routingKey: queue, body: Buffer.from('x'), properties: {} });
    await until(() => got.includes('x'));
  });
});

describe('RabbitMQ, while its channel is being closed', () => {
  it('takes no settling and no reply any more, and does not mind', async () => {
    const broker = autoClose(new AmqpBroker([rabbitUrl()], silentLogger));
    const queue = unique('closing');
    const deliveries: Delivery[] = [];
    await broker.consume({
      queue,
      declarations: [{ queue: { name: queue, durable: true, arguments: { 'x-expires': 60_000 } } }],
      prefetch: 10,
      onDelivery: (delivery) => void deliveries.push(delivery),
    });
    for (const text of ['a', 'b', 'c']) {
      await broker.publish({ exchange: '', routingKey: queue, body: Buffer.from(text), properties: {} });
    }
    await until(() => deliveries.length === 3);
    const closed = broker.close();
    await Promise.resolve();
    const [first, second, third] = deliveries;
    first?.ack();
    second?.reject({ requeue: true });
    third?.reply(queue, { body: Buffer.from('x'), properties: {} });
    await closed;
    const other = autoClose(new AmqpBroker([rabbitUrl()], silentLogger));
    await until(async () => (await other.inspect(queue))?.messages === 3);
  });
});
