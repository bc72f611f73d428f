import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { connect } from 'amqplib';
import { expect } from 'chai';
import { autoClose } from '../../support/auto-close.js';
import { startOwnNode } from '../../support/own-node.js';
import { closeAllConnections } from '../../support/rabbitmq/operator.js';
import { type RabbitNode, rabbitUrl } from '../../support/rabbitmq.js';
import { rejection } from '../../support/rejection.js';
import { until } from '../../support/until.js';
import { consume, declare, type Failure, failureOf, openChannel, openRaw, send, texts } from './raw.js';

describe('facts of connections and channels', () => {
  it('the socket is `model.connection.stream`', async () => {
    const model = await openRaw();
    const { stream } = model.connection as unknown as { stream: unknown };
    expect(stream).to.be.instanceOf(Socket);
  });

  it('`noDelay`, `keepAlive` and `keepAliveDelay` of the second argument reach the socket', async () => {
    const asked = new Map<string, readonly unknown[]>();
    const { setNoDelay, setKeepAlive } = Socket.prototype;
    Object.assign(Socket.prototype, {
      setNoDelay: (...args: readonly unknown[]) => asked.set('setNoDelay', args),
      setKeepAlive: (...args: readonly unknown[]) => asked.set('setKeepAlive', args),
    });
    try {
      const model = await connect(rabbitUrl(), { noDelay: true, keepAlive: true, keepAliveDelay: 30_000 });
      await model.close();
    } finally {
      Object.assign(Socket.prototype, { setNoDelay, setKeepAlive });
    }
    expect(Object.fromEntries(asked)).to.deep.equal({ setNoDelay: [true], setKeepAlive: [true, 30_000] });
  });

  it('`timeout` of the second argument ends the wait for a server that says nothing', async () => {
    const silent = createServer(() => {});
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    autoClose({ close: async () => void silent.close() });
    const { port } = silent.address() as AddressInfo;
    const error = await rejection(connect(`amqp://127.0.0.1:${port}`, { timeout: 50 }));
    expect(String(error)).to.contain('ETIMEDOUT');
  });

  it('ack and publish on a closed channel throw IllegalOperationError at once', async () => {
    const channel = await openChannel();
    const queue = await declare(channel);
    const got = await consume(channel, queue);
    await send(channel, queue);
    await until(() => got.length === 1);
    await rejection(channel.checkExchange('missing'));
    for (const operation of [
      () => channel.ack(got[0] as never),
      () => channel.reject(got[0] as never),
      () => channel.publish('', queue, Buffer.from('x')),
    ]) {
      expect(operation).to.throw().with.property('name', 'IllegalOperationError');
    }
  });

  it('a delivery tag that a new channel does not know closes it, one that it knows settles another delivery', async () => {
    const model = await openRaw();
    const first = await openChannel(model);
    const queue = await declare(first);
    const before = await consume(first, queue);
    await send(first, queue, 'before');
    await until(() => before.length === 1);
    const stale = before[0] as NonNullable<(typeof before)[0]>;
    await first.close();

    const unknown = await openChannel(model);
    unknown.ack({ ...stale, fields: { ...stale.fields, deliveryTag: 99 } });
    expect((await failureOf(unknown)).code).to.equal(406);

    const second = await openChannel(model);
    const got = await consume(second, queue);
    await send(second, queue, 'after');
    await until(() => got.length === 2);
    expect(texts(got)).to.deep.equal(['before', 'after']);
    second.ack(stale); // tag 1, which now is a delivery of `second`
    await second.close();
    const third = await openChannel(model);
    const left = await consume(third, queue);
    await until(() => left.length === 1);
    expect(texts(left)).to.deep.equal(['after']);
  });

  it('a lost channel leaves its connection and the other channels alone', async () => {
    const model = await openRaw();
    const [lost, other] = [await openChannel(model), await openChannel(model)];
    await rejection(lost.checkQueue('missing'));
    await send(other, await declare(other));
  });

  describe('of an operator', function () {
    this.timeout(60_000);
    let node: RabbitNode;

    before(async function () {
      node = await startOwnNode(this);
    });
    after(() => node?.stop());

    it('a forced close is `close` with code 320, and no `error`', async () => {
      const model = await connect(node.url);
      const errors: unknown[] = [];
      model.on('error', (error) => errors.push(error));
      const closed = once(model, 'close');
      await closeAllConnections(node, 'maintenance');
      const [error] = (await closed) as [Failure];
      expect(error.message).to.contain('320').and.to.contain('maintenance');
      expect(errors).to.deep.equal([]);
    });
  });
});
