import { RemoteError, Service } from 'bgtasks';
import { eventListener, Route, Runner, rpc } from 'bgtasks/compat';
import { expect } from 'chai';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { pythonFor } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { rabbitUrl, startPeer } from './peer.js';

describe('services written with micro_framework', function () {
  this.timeout(60_000);
  let python: string;
  /** Their names have no dots. */
  const named = (name: string) => unique(name).replace('.', '_');

  before(function () {
    python = pythonFor(this, 'kombu', 'python3-kombu');
  });

  const service = (serviceName: string) =>
    autoClose(new Service({ url: rabbitUrl(), serviceName, logger: silentLogger }));

  it('serve ours, which get data, and errors by the name of their class', async () => {
    const peer = named('calc');
    const worker = startPeer(python, 'ufw_peer.py', rabbitUrl(), 'serve', peer);
    expect(await worker.next()).to.equal('ready');
    const api = service(named('api'));
    const call = (target: string, body?: unknown) =>
      api.call(`${peer}.${target}`, body, { protocol: 'micro-framework', timeoutMs: 10_000 });
    expect(await call('rpc_add', { args: [1, 2] })).to.equal(3);
    expect(await call('rpc_add', { args: [1, 2], kwargs: { scale: 10 } })).to.equal(30);
    const error = (await rejection(call('rpc_fail'))) as RemoteError;
    expect(error).to.be.instanceOf(RemoteError);
    expect(error.remote).to.deep.equal({ code: 'ValueError', message: "('boom', 7)" });
    expect(await rejection(call('nobody'))).to.have.property('code', 'NO_ROUTE');
  });

  it('call ours', async () => {
    const name = named('ours');
    const worker = service(name);
    worker.rpcTask(`${name}.add`, { protocol: 'micro-framework', params: ['a', 'b'] })((a: number, b: number) => a + b);
    worker.rpcTask(`${name}.fail`, { protocol: 'micro-framework' })(() => {
      throw Object.assign(new Error('odd'), { code: 'ValueError' });
    });
    await worker.start();
    const client = startPeer(python, 'ufw_peer.py', rabbitUrl(), 'call');
    expect(await client.ask(`${name}.add\t{"args": [1, 2]}`)).to.deep.equal({ data: 3, exception: null });
    expect(await client.ask(`${name}.add\t{"kwargs": {"b": 5, "a": 1}}`)).to.deep.equal({ data: 6, exception: null });
    expect(await client.ask(`${name}.fail\t{}`)).to.deep.equal({
      data: null,
      exception: { exception: 'ValueError', message: 'odd', args: ['odd'], kwargs: {}, module: null },
    });
  });

  it('ask ours what it serves', async () => {
    const name = named('ours');
    const worker = service(name);
    worker.rpcTask(`${name}.add`, {
      protocol: 'micro-framework',
      params: ['a', 'b'],
      description: 'Adds two numbers.',
    })((a: number, b: number) => a + b);
    worker.rpcTask(`${name}.Class.method`, { protocol: 'micro-framework' })(() => 1);
    worker.rpcTask(`${named('other')}.sub`, { protocol: 'micro-framework' })(() => 1);
    await worker.start();
    const client = startPeer(python, 'ufw_peer.py', rabbitUrl(), 'call');
    const add = { target: 'add', args: ['a', 'b'], kwargs: [], docstring: 'Adds two numbers.' };
    const method = { target: 'Class.method', args: [], kwargs: [], docstring: null };
    expect(await client.ask(`${name}._broadcast.__list_targets__\t{}`)).to.deep.equal({
      data: [add, method],
      exception: null,
    });
    expect(await client.ask(`${name}._broadcast.__get_target__\t{"args": ["add"]}`)).to.deep.equal({
      data: add,
      exception: null,
    });
    expect(await client.ask(`${name}._broadcast.__get_target__\t{"args": ["nosuch"]}`)).to.have.nested.property(
      'exception.exception',
      'KeyError',
    );
    expect(await client.ask(`${name}.add\t{"args": [1], "kwargs": {"nosuch": 1}}`)).to.have.nested.property(
      'exception.exception',
      'TypeError',
    );
  });

  it('publish events that ours hear', async () => {
    const source = named('users');
    const worker = service(named('mails'));
    const seen: unknown[] = [];
    worker.onEvent(source, 'created', { protocol: 'micro-framework', name: 'on_created' })(
      (body: unknown) => void seen.push(body),
    );
    await worker.start();
    const peer = startPeer(python, 'ufw_peer.py', rabbitUrl(), 'publish', source);
    await peer.next();
    peer.say('created\t{"id": 1}');
    await until(() => seen.length === 1);
    expect(seen).to.deep.equal([{ id: 1 }]);
  });

  it('hear events that ours emit', async () => {
    const source = named('users');
    const peer = startPeer(python, 'ufw_peer.py', rabbitUrl(), 'listen', source, 'created', 'mails.on_created');
    expect(await peer.next()).to.equal('ready');
    await service(source).emit('created', { id: 'héllo' }, { protocol: 'micro-framework' });
    expect(JSON.parse(await peer.next())).to.deep.equal({ id: 'héllo' });
  });

  it('reach the routes of a Runner: its calls, and events under the name that a queue has in Python', async () => {
    const source = named('users');
    const name = named('mails');
    const seen: unknown[] = [];
    class Mails {
      class_method(body: unknown) {
        seen.push(body);
      }
    }
    const entrypoint = eventListener(source, 'created', { filter: ({ id }: { id: number }) => id > 1 });
    const routes = [
      new Route({ target: Mails, method: 'class_method', entrypoint }),
      new Route({ target: (a: number, b: number) => a + b, entrypoint: rpc('add', { params: ['a', 'b'] }) }),
    ];
    const settings = { AMQP_URI: rabbitUrl(), SERVICE_NAME: name, logger: silentLogger };
    const runner = new Runner({ routes, settings });
    autoClose({ close: () => runner.stop() });
    await runner.start();
    const caller = startPeer(python, 'ufw_peer.py', rabbitUrl(), 'call');
    expect(await caller.ask(`${name}.add\t{"args": [1], "kwargs": {"b": 2}}`)).to.deep.equal({
      data: 3,
      exception: null,
    });
    const publisher = startPeer(python, 'ufw_peer.py', rabbitUrl(), 'publish', source);
    await publisher.next();
    for (const id of [1, 2]) publisher.say(`created\t{"id": ${id}}`);
    await until(() => seen.length === 1);
    expect(seen).to.deep.equal([{ id: 2 }]);
    const broker = autoClose(await openBroker(rabbitUrl(), silentLogger));
    expect(await broker.inspect(`${source}.created__${name}.Mails.class_method`)).to.include({ consumers: 1 });
  });
});
