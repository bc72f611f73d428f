import { type ChannelModel, connect } from 'amqplib';
import { expect } from 'chai';
import { AmqpBroker } from '../../lib/broker/amqp/broker.js';
import type { OutgoingMessage } from '../../lib/broker/broker.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { FrameTap, METHODS } from '../support/frames.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { pause, until } from '../support/until.js';

describe('publishing to RabbitMQ', () => {
  let proxy: TcpProxy;
  let broker: AmqpBroker;
  let admin: ChannelModel;
  let name: string;

  const message = (id: string, to = name): OutgoingMessage => ({
    exchange: '',
    routingKey: to,
    body: Buffer.from(id),
    properties: { messageId: id, deliveryMode: 2 },
  });

  /** Ids in the queue, oldest first. */
  const taken = async (): Promise<string[]> => {
    const ids: string[] = [];
    const channel = await admin.createChannel();
    for (let got = await channel.get(name); got; got = await channel.get(name)) ids.push(got.properties.messageId);
    await channel.close();
    return ids;
  };

  beforeEach(async () => {
    admin = autoClose(await connect(rabbitUrl()));
    name = unique('published');
    const channel = await admin.createChannel();
    await channel.assertQueue(name, { durable: true, arguments: { 'x-expires': 60_000 } });
    proxy = autoClose(await new TcpProxy(Number(new URL(rabbitUrl()).port)).listen());
    const url = new URL(rabbitUrl());
    url.port = String(proxy.port);
    broker = autoClose(new AmqpBroker([url.href], silentLogger));
  });

  it('loses nothing when its connection is cut again and again', async () => {
    await broker.connect(); // before the first connection, a failure is an error at once
    const ids = Array.from({ length: 400 }, (_, index) => String(index));
    const sent = ids.map(async (id, index) => {
      await pause(index);
      await broker.publish(message(id));
    });
    for (let cut = 0; cut < 8; cut += 1) {
      await pause(40);
      proxy.cut();
    }
    await Promise.all(sent);
    expect(new Set(await taken())).to.deep.equal(new Set(ids));
  });

  it('publishes what was asked while there was no connection, in its order', async () => {
    await broker.connect();
    await proxy.refuse();
    await until(() => !broker.isConnected);
    const ids = ['1', '2', '3'];
    const sent = Promise.all(ids.map((id) => broker.publish(message(id))));
    await pause(50);
    await proxy.listen();
    await sent;
    expect(await taken()).to.deep.equal(ids);
  });

  it('fails at once where there has never been a connection', async () => {
    await proxy.refuse();
    expect(await rejection(broker.publish(message('1')))).to.have.property('code', 'CONNECTION_FAILED');
  });

  it('refuses the one message that ends its channel, and publishes those beside it', async () => {
    const poison = { ...message('poison'), exchange: unique('missing') };
    const sent = ['1', '2', '3'].map((id) => broker.publish(message(id)));
    const error = rejection(broker.publish(poison));
    const after = ['4', '5', '6'].map((id) => broker.publish(message(id)));
    await Promise.all([...sent, ...after]);
    expect(await error).to.include({ code: 'PUBLISH_FAILED', maybePublished: false });
    expect(((await error) as Error).message).to.contain('NOT_FOUND');
    expect(new Set(await taken())).to.deep.equal(new Set(['1', '2', '3', '4', '5', '6']));
  });

  it('declares an exchange again that went with its last binding', async () => {
    const exchange = { name: unique('auto'), type: 'topic', durable: true, autoDelete: true } as const;
    const emit = () =>
      broker.publish(
        { ...message('x'), exchange: exchange.name, routingKey: 'k' },
        { declarations: [{ exchange }], mandatory: false },
      );
    await emit();
    const channel = await admin.createChannel();
    await channel.bindQueue(name, exchange.name, 'k');
    await channel.unbindQueue(name, exchange.name, 'k');
    await emit();
    await channel.checkExchange(exchange.name);
  });

  it('settles every message when it is closed while the broker is away', async () => {
    await broker.connect();
    await proxy.refuse();
    await until(() => !broker.isConnected);
    const error = rejection(broker.publish(message('1')));
    await broker.close();
    expect(await error).to.include({ code: 'PUBLISH_FAILED', maybePublished: false });
  });

  it('settles every message when it is closed while the broker does not answer', async () => {
    await broker.publish(message('1'));
    proxy.freeze();
    const error = rejection(broker.publish(message('2')));
    await broker.close();
    expect(await error).to.include({ code: 'PUBLISH_FAILED', maybePublished: true });
  });

  it('stops to wait when its signal is aborted, and says whether the broker may have the message', async () => {
    await broker.connect();
    await proxy.refuse();
    await until(() => !broker.isConnected);
    const abort = new AbortController();
    const error = rejection(broker.publish(message('1'), { signal: abort.signal }));
    abort.abort(new Error('enough'));
    expect(await error).to.include({ code: 'PUBLISH_FAILED', maybePublished: false });
    await proxy.listen();
    await broker.publish(message('2'));
    expect(await taken()).to.deep.equal(['2']);
  });

  it('takes no more than so many bytes at once, naming what is held and what may be', async () => {
    await broker.connect();
    await proxy.refuse();
    await until(() => !broker.isConnected);
    const large = { ...message('large'), body: Buffer.alloc(16 * 1024 * 1024) };
    const waiting = Array.from({ length: 4 }, () => rejection(broker.publish(large)));
    const error = (await rejection(broker.publish(large))) as Error;
    expect(error).to.include({ code: 'PUBLISH_FAILED', maybePublished: false });
    expect(error.message).to.contain('4 messages with 67108864 bytes').and.to.contain('at most 10000 and 67108864');
    await broker.close();
    await Promise.all(waiting);
  });

  describe('a message that is nacked', () => {
    beforeEach(async () => {
      const channel = await admin.createChannel();
      name = unique('full');
      const full = { 'x-max-length': 1, 'x-overflow': 'reject-publish', 'x-expires': 60_000 };
      await channel.assertQueue(name, { durable: true, arguments: full });
      await broker.publish(message('first'));
    });

    it('is sent again on another channel, and others are not lost or doubled by that', async () => {
      const tap = autoClose(new FrameTap(Number(new URL(rabbitUrl()).port)));
      const url = new URL(rabbitUrl());
      url.port = String(await tap.listen());
      const tapped = autoClose(new AmqpBroker([url.href], silentLogger));
      const other = unique('other');
      const room = await admin.createChannel();
      await room.assertQueue(other, { durable: true, arguments: { 'x-expires': 60_000 } });
      await tapped.publish(message('0', other));
      const opened = tap.counts.get(METHODS.openChannel) ?? 0;
      const nacked = tapped.publish(message('second'));
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      nacked.then(end, end);
      let sent = 1;
      await until(async () => {
        await tapped.publish(message(String(sent), other));
        sent += 1;
        if (sent === 20) await room.purgeQueue(name);
        return isOver;
      });
      await nacked;
      expect(await taken()).to.deep.equal(['second']);
      expect(tap.counts.get(METHODS.openChannel)).to.be.above(opened);
      name = other;
      expect(await taken()).to.deep.equal(Array.from({ length: sent }, (_, id) => String(id)));
    });

    it('again and again is refused at last, and one that may be sent once at once', async () => {
      const once = await rejection(broker.publish(message('once'), { isSentOnce: true }));
      const again = await rejection(broker.publish(message('again')));
      for (const error of [once, again]) expect(error).to.include({ code: 'PUBLISH_FAILED', maybePublished: false });
      expect(await taken()).to.deep.equal(['first']);
    });
  });
});
