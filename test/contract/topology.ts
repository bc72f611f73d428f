/** Publishing with confirms, exchanges, and what queues do by their arguments: one list of cases for every broker. */
import { expect } from 'chai';
import type {
  Broker,
  Declaration,
  Delivery,
  ExchangeSpec,
  IncomingMessage,
  QueueSpec,
  ReplyQueue,
} from '../../lib/broker/broker.js';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';

const QUORUM = { 'x-queue-type': 'quorum', 'x-expires': 60_000 };
const CLASSIC = { 'x-queue-type': 'classic', 'x-expires': 60_000 };

export function topologyContract(url: () => string): void {
  let broker: Broker;
  let address: string;
  const connect = async () => autoClose(await openBroker(address, silentLogger));

  beforeEach(async () => {
    address = url();
    broker = await connect();
  });

  const queue = async (args: QueueSpec['arguments'] = CLASSIC): Promise<string> => {
    const name = unique('contract');
    await broker.declare([{ queue: { name, durable: true, arguments: args } }]);
    return name;
  };

  const exchange = async (type: ExchangeSpec['type'], args: ExchangeSpec['arguments'] = {}): Promise<string> => {
    const name = unique('exchange');
    await broker.declare([{ exchange: { name, type, durable: false, autoDelete: true, arguments: args } }]);
    return name;
  };

  const bind = (from: string, key: string, to: { queue: string } | { exchange: string }) =>
    broker.declare([{ binding: { from, key, to } }]);

  const publish = (to: string, routingKey: string, text: string, properties: IncomingMessage['properties'] = {}) =>
    broker.publish({ exchange: to, routingKey, body: Buffer.from(text), properties });

  /** Texts as they come, acked. */
  const read = async (name: string, on: Broker = broker): Promise<string[]> => {
    const texts: string[] = [];
    await on.consume({
      queue: name,
      prefetch: 100,
      onDelivery: (delivery) => {
        texts.push(delivery.body.toString());
        delivery.ack();
      },
    });
    return texts;
  };

  const next = (name: string): Promise<Delivery> =>
    new Promise((resolve, reject) => {
      broker.consume({ queue: name, prefetch: 1, onDelivery: resolve }).catch(reject);
    });

  describe('publish', () => {
    it('resolves once the queue has the message', async () => {
      const name = await queue();
      await publish('', name, 'one');
      await publish('', name, 'two');
      expect(await broker.inspect(name)).to.deep.equal({ messages: 2, consumers: 0 });
      expect(await broker.purgeQueue(name)).to.equal(2);
      expect(await broker.inspect(name)).to.deep.equal({ messages: 0, consumers: 0 });
    });

    it('keeps the order in which it was asked', async () => {
      const name = await queue();
      const texts = Array.from({ length: 200 }, (_, index) => String(index));
      await Promise.all(texts.map((text) => publish('', name, text)));
      const got = await read(name);
      await until(() => got.length === 200);
      expect(got).to.deep.equal(texts);
    });

    it('keeps body, properties and headers', async () => {
      const name = await queue();
      const properties = {
        contentType: 'application/json',
        contentEncoding: 'gzip',
        headers: { text: 'ä', number: 7, yes: true, list: ['a', 'b'] },
        correlationId: 'c',
        replyTo: 'r',
        messageId: 'm',
        type: 't',
        deliveryMode: 2,
        timestamp: 1_700_000_000,
      };
      await publish('', name, 'body', properties);
      const delivery = await next(name);
      expect(delivery.body.toString()).to.equal('body');
      expect(delivery.properties).to.deep.include(properties);
      expect(delivery).to.include({ exchange: '', routingKey: name, redelivered: false, isOpen: true });
      delivery.ack();
    });

    it('rejects with NO_ROUTE where no queue takes the message, and resolves where that is allowed', async () => {
      const nobody = unique('nobody');
      expect(await rejection(publish('', nobody, 'x'))).to.have.property('code', 'NO_ROUTE');
      const message = { exchange: '', routingKey: nobody, body: Buffer.from('x'), properties: {} };
      await broker.publish(message, { mandatory: false });
    });

    it('rejects the very message that has no route, among others of the same name', async () => {
      const nobody = unique('nobody');
      const message = { exchange: '', routingKey: nobody, body: Buffer.from('x'), properties: {} };
      const allowed = broker.publish(message, { mandatory: false });
      const refused = rejection(broker.publish(message));
      await allowed;
      expect(await refused).to.have.property('code', 'NO_ROUTE');
    });

    it('rejects with PUBLISH_FAILED for an exchange that does not exist, and goes on with the others', async () => {
      const name = await queue();
      const missing = unique('missing');
      const around = [publish('', name, 'before'), rejection(publish(missing, 'k', 'x')), publish('', name, 'after')];
      const [, error] = await Promise.all(around);
      expect(error).to.have.property('code', 'PUBLISH_FAILED');
      expect((error as Error).message).to.contain(missing);
      const got = await read(name);
      await until(() => got.includes('after'));
      expect([...new Set(got)]).to.deep.equal(['before', 'after']); // one may come twice, none is lost
    });

    it('declares what the message needs', async () => {
      const [name, other] = [unique('needed'), unique('needed')];
      const declarationsOf = (to: string): Declaration[] => [
        { queue: { name: to, durable: true, arguments: CLASSIC } },
      ];
      const send = (to: string) =>
        broker.publish(
          { exchange: '', routingKey: to, body: Buffer.from('x'), properties: {} },
          { declarations: declarationsOf(to) },
        );
      await Promise.all([send(name), send(name), send(other)]);
      expect(await broker.inspect(name)).to.include({ messages: 2 });
      expect(await broker.inspect(other)).to.include({ messages: 1 });
    });

    it('declares again what was deleted meanwhile', async () => {
      const name = unique('deleted');
      const declarations = [{ queue: { name, durable: true, arguments: CLASSIC } }];
      const send = () =>
        broker.publish({ exchange: '', routingKey: name, body: Buffer.from('x'), properties: {} }, { declarations });
      await send();
      await (await connect()).deleteQueue(name);
      await send();
      expect(await broker.inspect(name)).to.include({ messages: 1 });
    });

    it('gives up when its signal is aborted', async () => {
      const abort = AbortSignal.abort(new Error('enough'));
      const message = { exchange: '', routingKey: await queue(), body: Buffer.from('x'), properties: {} };
      const error = await rejection(broker.publish(message, { signal: abort }));
      expect(error).to.include({ code: 'PUBLISH_FAILED', maybePublished: false });
      expect(await broker.inspect(message.routingKey)).to.include({ messages: 0 });
    });

    it('drops an expired message', async () => {
      const name = await queue();
      await broker.publish({
        exchange: '',
        routingKey: name,
        body: Buffer.from('x'),
        properties: {},
        expirationMs: 0.2,
      });
      await until(async () => (await broker.inspect(name))?.messages === 0);
    });

    it('rejects once the broker is closed', async () => {
      const name = await queue();
      await broker.close();
      expect(await rejection(publish('', name, 'x'))).to.have.property('code', 'CONNECTION_FAILED');
    });
  });

  describe('an exchange', () => {
    it('of type direct routes by the very key', async () => {
      const [from, a, b] = [await exchange('direct'), await queue(), await queue()];
      await bind(from, 'a', { queue: a });
      await bind(from, 'b', { queue: b });
      await publish(from, 'a', 'x');
      expect(await rejection(publish(from, 'a.b', 'x'))).to.have.property('code', 'NO_ROUTE');
      expect(await broker.inspect(a)).to.include({ messages: 1 });
      expect(await broker.inspect(b)).to.include({ messages: 0 });
    });

    for (const [pattern, taken, refused] of [
      ['user.*', ['user.created', 'user.'], ['user', 'user.a.b', 'users.created']],
      ['user.#', ['user', 'user.a', 'user.a.b'], ['users', 'a.user']],
      ['*.b.#', ['a.b', 'a.b.c.d'], ['b', 'a.c.b']],
      ['#', ['', 'a', 'a.b'], []],
    ] as const) {
      it(`of type topic takes "${pattern}" for ${taken.join(', ')} alone`, async () => {
        const [from, name] = [await exchange('topic'), await queue()];
        await bind(from, pattern, { queue: name });
        for (const key of taken) await publish(from, key, key);
        for (const key of refused)
          expect(await rejection(publish(from, key, key))).to.have.property('code', 'NO_ROUTE');
        expect(await broker.inspect(name)).to.include({ messages: taken.length });
      });
    }

    it('of type fanout gives every queue one, however many bindings there are', async () => {
      const [from, a, b] = [await exchange('fanout'), await queue(), await queue()];
      await bind(from, 'x', { queue: a });
      await bind(from, 'y', { queue: a });
      await bind(from, '', { queue: b });
      await publish(from, 'whatever', 'x');
      expect(await broker.inspect(a)).to.include({ messages: 1 });
      expect(await broker.inspect(b)).to.include({ messages: 1 });
    });

    it('is bound to another one', async () => {
      const [outer, inner, name] = [await exchange('topic'), await exchange('direct'), await queue()];
      await bind(inner, 'a.b', { queue: name });
      await bind(outer, 'a.#', { exchange: inner });
      await publish(outer, 'a.b', 'x');
      expect(await broker.inspect(name)).to.include({ messages: 1 });
      expect(await rejection(publish(outer, 'a.c', 'x'))).to.have.property('code', 'NO_ROUTE');
    });

    it('leaves what nobody takes to its alternate exchange', async () => {
      const [rest, name, other] = [await exchange('fanout'), await queue(), await queue()];
      await bind(rest, '', { queue: other });
      const from = await exchange('direct', { 'alternate-exchange': rest });
      await bind(from, 'a', { queue: name });
      await publish(from, 'a', 'taken');
      await publish(from, 'b', 'left');
      expect(await broker.inspect(name)).to.include({ messages: 1 });
      expect(await broker.inspect(other)).to.include({ messages: 1 });
    });

    it('cannot be bound to a queue that does not exist', async () => {
      const from = await exchange('direct');
      const error = await rejection(bind(from, 'a', { queue: unique('nobody') }));
      expect(error).to.have.property('code', 'CONNECTION_FAILED');
      expect(error).to.have.nested.property('details.code', 404);
    });
  });

  describe('a queue', () => {
    it('is undefined where it does not exist', async () => {
      expect(await broker.inspect(unique('nobody'))).to.equal(undefined);
    });

    it('cannot be consumed where it does not exist; other consumers go on', async () => {
      const name = await queue();
      const got = await read(name);
      const nobody = unique('nobody');
      const error = await rejection(broker.consume({ queue: nobody, prefetch: 1, onDelivery: () => {} }));
      expect(error).to.have.property('code', 'CONNECTION_FAILED');
      expect((error as Error).message).to.contain(nobody);
      await publish('', name, 'x');
      await until(() => got.length === 1);
    });

    it('of a process alone is bound to what it asks for, and goes with its consumer', async () => {
      const from = await exchange('topic');
      const got: string[] = [];
      const consumer = await (await connect()).consume({
        bindings: [
          { exchange: from, routingKey: 'a.*' },
          { exchange: from, routingKey: 'b' },
        ],
        prefetch: 10,
        onDelivery: (delivery) => {
          got.push(delivery.body.toString());
          delivery.ack();
        },
      });
      await publish(from, 'a.1', 'one');
      await publish(from, 'b', 'two');
      await until(() => got.length === 2);
      expect(await rejection(publish(from, 'c', 'x'))).to.have.property('code', 'NO_ROUTE');
      await consumer.cancel();
    });

    it('is consumed by a connection that only settles', async () => {
      const name = await queue();
      const got: string[] = [];
      await broker.consume({
        queue: name,
        prefetch: 1,
        isIntake: true,
        onDelivery: (delivery) => {
          got.push(delivery.body.toString());
          delivery.ack();
        },
      });
      for (const text of ['a', 'b', 'c']) await publish('', name, text);
      await until(() => got.length === 3);
      expect(broker).to.include({ isConnected: true, isConsuming: true });
    });

    it('gives an expired message to its dead letter exchange', async () => {
      const dead = await queue();
      const to = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
      const name = await queue({ ...CLASSIC, ...to, 'x-message-ttl': 30 });
      await publish('', name, 'late', { headers: { kept: 'yes' } });
      const delivery = await next(dead);
      expect(delivery.properties.headers).to.deep.include({ kept: 'yes', 'x-first-death-reason': 'expired' });
      expect(delivery.body.toString()).to.equal('late');
      delivery.ack();
    });

    it('gives a rejected message to its dead letter exchange, under the key that it has for them', async () => {
      const [from, dead] = [await exchange('direct'), await queue()];
      await bind(from, 'dead', { queue: dead });
      const name = await queue({ ...CLASSIC, 'x-dead-letter-exchange': from, 'x-dead-letter-routing-key': 'dead' });
      await publish('', name, 'poison');
      (await next(name)).reject({ requeue: false });
      const delivery = await next(dead);
      expect(delivery.properties.headers).to.deep.include({ 'x-first-death-reason': 'rejected' });
      expect(delivery).to.include({ exchange: from, routingKey: 'dead' });
      delivery.ack();
    });

    it('drops a rejected message whose dead letter exchange is not there', async () => {
      const name = await queue({ ...CLASSIC, 'x-dead-letter-exchange': unique('missing'), 'x-message-ttl': 10 });
      await publish('', name, 'x');
      await until(async () => (await broker.inspect(name))?.messages === 0);
      await publish('', name, 'y');
    });

    it('gives a message up after its delivery limit', async () => {
      const dead = await queue();
      const to = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
      const name = await queue({ ...QUORUM, ...to, 'x-delivery-limit': 2 });
      let count = 0;
      await broker.consume({
        queue: name,
        prefetch: 1,
        onDelivery: (delivery) => {
          count += 1;
          delivery.reject({ requeue: true });
        },
      });
      await publish('', name, 'poison');
      const delivery = await next(dead);
      expect(count).to.equal(3);
      expect(delivery.properties.headers).to.deep.include({ 'x-first-death-reason': 'delivery_limit' });
      delivery.ack();
    });

    it('has one active consumer where it is told so, and the next takes over', async () => {
      const name = await queue({ ...QUORUM, 'x-single-active-consumer': true });
      const first = await connect();
      const [a, b] = [await read(name, first), await read(name)];
      for (const text of ['1', '2', '3']) await publish('', name, text);
      await until(() => a.length === 3);
      expect(b).to.deep.equal([]);
      await first.close();
      await publish('', name, '4');
      await until(() => b.length === 1);
    });

    it('of type classic brings higher priorities first', async () => {
      const name = await queue({ ...CLASSIC, 'x-max-priority': 5 });
      for (const priority of [0, 3, 1, 5, 3]) await publish('', name, String(priority), { priority });
      await publish('', name, 'none');
      const got: string[] = [];
      await broker.consume({
        queue: name,
        prefetch: 1,
        onDelivery: (delivery) => {
          got.push(delivery.body.toString());
          delivery.ack();
        },
      });
      await until(() => got.length === 6);
      expect(got).to.deep.equal(['5', '3', '3', '1', '0', 'none']);
    });

    it('gets back in their order what a closed connection had not settled', async () => {
      const name = await queue();
      const first = await connect();
      const held: Delivery[] = [];
      await first.consume({ queue: name, prefetch: 10, onDelivery: (delivery) => void held.push(delivery) });
      for (const text of ['1', '2', '3']) await publish('', name, text);
      await until(() => held.length === 3);
      await first.close();
      const got = await read(name);
      await until(() => got.length === 3);
      expect(got).to.deep.equal(['1', '2', '3']);
    });

    it('of type stream is read from its first message by every reader', async () => {
      const name = unique('stream');
      await broker.declare([{ queue: { name, durable: true, arguments: { 'x-queue-type': 'stream' } } }]);
      await publish('', name, 'one');
      await publish('', name, 'two');
      const readers: string[][] = [[], []];
      for (const got of readers) {
        await broker.consume({
          queue: name,
          prefetch: 10,
          arguments: { 'x-stream-offset': 'first' },
          onDelivery: (delivery) => {
            got.push(delivery.body.toString());
            delivery.ack();
          },
        });
      }
      await publish('', name, 'three');
      await until(() => readers.every((got) => got.length === 3));
      expect(readers).to.deep.equal([
        ['one', 'two', 'three'],
        ['one', 'two', 'three'],
      ]);
      await broker.deleteQueue(name);
    });
  });

  describe('replies', () => {
    const bound = { name: unique('replies'), type: 'direct', durable: false, autoDelete: true } as const;
    const cases: readonly [string, ReplyQueue, string][] = [
      ['come directly', 'direct', ''],
      ['come to a queue of the connection', 'exclusive', ''],
      ['come through an exchange', { boundTo: bound }, bound.name],
    ];
    for (const [what, replyQueue, through] of cases) {
      it(what, async () => {
        const name = await queue();
        await broker.consume({
          queue: name,
          prefetch: 1,
          onDelivery: (delivery) => {
            const { replyTo = '', correlationId } = delivery.properties;
            delivery.reply(replyTo, { body: delivery.body, properties: { correlationId } }, through);
            delivery.ack();
          },
        });
        const replies: string[] = [];
        const listener = { onReturn: () => {}, onLost: () => {} };
        const onReply = (reply: IncomingMessage) =>
          void replies.push(`${reply.properties.correlationId} ${reply.body}`);
        const channel = await (await connect()).openCalls({ ...listener, onReply }, replyQueue);
        for (const id of ['1', '2']) {
          const properties = { correlationId: id, replyTo: channel.replyTo };
          channel.send({ exchange: '', routingKey: name, body: Buffer.from('hi'), properties });
        }
        await until(() => replies.length === 2);
        expect(replies).to.deep.equal(['1 hi', '2 hi']);
      });
    }

    it('are counted when their caller is gone', async () => {
      const name = await queue();
      await publish('', name, 'x', { replyTo: unique('gone') });
      const delivery = await next(name);
      delivery.reply(delivery.properties.replyTo ?? '', { body: Buffer.from('late'), properties: {} });
      delivery.ack();
      await until(() => broker.counts.repliesDropped === 1);
      await pause(5);
      expect(broker.counts).to.deep.equal({ reconnects: 0, repliesDropped: 1 });
    });
  });
}
