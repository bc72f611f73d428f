import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { BgTasksError, Service, silentLogger } from 'bgtasks';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { get } from './recorder.js';

const watched = (url: string, monitorPort = 0) => autoClose(new Service({ url, monitorPort, logger: silentLogger }));

describe('probes', () => {
  it('say that a worker is ready, with its health', async () => {
    const service = watched(rabbitUrl());
    service.rpcTask(unique('probe'))(() => 1);
    await service.start();
    const ready = await get(service, '/readyz');
    expect([ready.status, ready.type]).to.deep.equal([200, 'application/json']);
    expect(JSON.parse(ready.body)).to.include({ status: 'ready', connected: true, consuming: true, inFlight: 0 });
    const alive = await get(service, '/healthz');
    expect([alive.status, JSON.parse(alive.body).status]).to.deep.equal([200, 'ok']);
  });

  it('say not ready while the broker is away, and alive all the time', async () => {
    const target = new URL(rabbitUrl());
    const proxy = autoClose(await new TcpProxy(Number(target.port)).listen());
    const service = watched(`amqp://${target.username}:${target.password}@127.0.0.1:${proxy.port}/`);
    service.rpcTask(unique('probe'))(() => 1);
    await service.start();
    await proxy.refuse();
    proxy.cut();
    await until(async () => (await get(service, '/readyz')).status === 503);
    expect((await get(service, '/healthz')).status).to.equal(200);
    await proxy.listen();
    await until(async () => (await get(service, '/readyz')).status === 200);
  });

  it('say not ready while a worker drains, and are gone when it is closed', async () => {
    const service = watched(`memory://${unique('drain')}`);
    let end: () => void = () => {};
    const route = unique('drain');
    service.rpcTask(route)(() => new Promise<void>((resolve) => (end = resolve)));
    await service.start();
    const call = service.call(route);
    await until(() => service.health().inFlight === 1);
    const closing = service.close();
    await until(async () => (await get(service, '/readyz')).status === 503);
    end();
    await call;
    await closing;
    expect(service.internals.monitorPort()).to.equal(undefined);
  });

  it('know no other paths and methods', async () => {
    const service = watched(`memory://${unique('paths')}`);
    await service.start();
    expect((await get(service, '/')).status).to.equal(404);
    expect((await get(service, '/healthz?x=1')).status).to.equal(200);
    const posted = await fetch(`http://127.0.0.1:${service.internals.monitorPort()}/healthz`, { method: 'POST' });
    expect(posted.status).to.equal(405);
    const head = await fetch(`http://127.0.0.1:${service.internals.monitorPort()}/healthz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).to.deep.equal([200, '']);
  });

  it('are nowhere by default', async () => {
    const service = autoClose(new Service({ url: `memory://${unique('off')}`, logger: silentLogger }));
    await service.start();
    expect(service.internals.monitorPort()).to.equal(undefined);
  });

  it('fail the start, with one line, where their port is taken', async () => {
    const taken = createServer();
    autoClose({ close: async () => void taken.close() });
    await once(taken.listen(0, '127.0.0.1'), 'listening');
    const { port } = taken.address() as AddressInfo;
    const error = (await rejection(watched(`memory://${unique('taken')}`, port).start())) as BgTasksError;
    expect(error.code).to.equal('INVALID_SETTING');
    expect(error.message).to.match(
      /cannot be served at 127\.0\.0\.1:\d+ \(settings "monitorHost", "monitorPort"\): .*EADDRINUSE/,
    );
  });
});

describe('the settings of monitoring', () => {
  const cases: readonly [object, RegExp][] = [
    [{ monitorPort: 70_000 }, /"monitorPort" must be a whole number from 0 to 65535/],
    [{ monitorHost: 'a b' }, /"monitorHost" must be the name or address of a host/],
    [{ metrics: 'yes' }, /"metrics" must be true, false or an object/],
    [{ metrics: { bucket: [] } }, /"metrics" has an unknown option "bucket"/],
    [{ metrics: { buckets: [2, 1] } }, /"buckets" must be a list of rising numbers/],
    [{ metrics: { registry: {} } }, /"registry" must be a Registry of prom-client/],
    [{ metrics: { process: 1 } }, /"process" must be true or false/],
    [{ tracing: 'yes' }, /"tracing" must be true or false/],
  ];
  for (const [options, message] of cases) {
    it(`refuse ${JSON.stringify(options)}`, () => {
      expect(() => new Service(options))
        .to.throw(BgTasksError, message)
        .with.property('code', 'INVALID_SETTING');
    });
  }
});
