import { connect } from 'amqplib';
import { expect } from 'chai';
import { AmqpBroker } from '../../lib/broker/amqp/broker.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

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
    const proxy = autoClose(await new TcpProxy(Number(new URL(rabbitUrl()).port)).listen());
    const url = new URL(rabbitUrl());
    url.port = String(proxy.port);
    const broker = autoClose(new AmqpBroker([url.href], silentLogger));
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
