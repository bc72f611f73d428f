import { once } from 'node:events';
import { createServer } from 'node:net';
import { BgTasksError, ConnectionFailedError, currentTask, dependency, Service, ServiceStoppingError } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { clientOf, latch, makeService, rawSocket, started } from './serving.js';

describe('a service with WebSocket tasks', () => {
  it('opens no port where there are none, and one when the first comes', async () => {
    const service = makeService();
    await service.start();
    expect(service.webSocketAddress).to.equal(undefined);
    service.webSocketTask('late')(() => 'late');
    await until(() => service.webSocketAddress !== undefined);
    expect(service.webSocketAddress?.host).to.equal('127.0.0.1');
    expect(await clientOf(service.webSocketAddress?.port ?? 0).late()).to.equal('late');
  });

  it('is consuming, though it has nothing else', async () => {
    const service = makeService();
    service.webSocketTask('a')(() => 1);
    await service.start();
    expect(service.health()).to.include({ consuming: true, inFlight: 0 });
  });

  it('finishes what runs when it closes, answers it, and tells the clients', async () => {
    const service = makeService({ drainMs: 5000 });
    const go = latch();
    service.webSocketTask('wait')(async () => {
      await go.opened;
      return 'finished';
    });
    const port = await started(service);
    const raw = await rawSocket(port);
    raw.say('{"command": "wait"}');
    await until(() => service.health().inFlight === 1);
    const closing = service.close();
    await until(async () => (await rejection(rawSocket(port)).catch(() => undefined)) !== undefined);
    raw.say('{"command": "wait", "id": "new"}');
    expect(await raw.next()).to.have.nested.property('exception.exception', 'MaxConnectionsReached');
    go.open();
    expect(await raw.next()).to.have.property('data', 'finished');
    expect(await raw.closed).to.equal(1001);
    await closing;
    expect(service.webSocketAddress).to.equal(undefined);
  });

  it('gives up what runs too long, which may still answer', async () => {
    const service = makeService({ drainMs: 20 });
    service.webSocketTask('listens')(
      () => new Promise((resolve) => currentTask()?.signal.addEventListener('abort', () => resolve('stopped early'))),
    );
    const raw = await rawSocket(await started(service));
    raw.say('{"command": "listens"}');
    await until(() => service.health().inFlight === 1);
    await service.close();
    expect(await raw.next()).to.have.property('data', 'stopped early');
  });

  it('closes though a client does not say goodbye', async () => {
    const service = makeService();
    service.webSocketTask('a')(() => 1);
    const raw = await rawSocket(await started(service));
    raw.socket.pause();
    await service.close();
    raw.socket.resume();
    await raw.closed;
  });

  it('starts again after it was closed', async () => {
    const service = makeService();
    service.webSocketTask('a')(() => 1);
    await started(service);
    await service.close();
    expect(await clientOf(await started(service)).a()).to.equal(1);
  });

  it('opens no port where it is closed while it starts', async () => {
    const service = makeService();
    const isSetUp = latch();
    let isBeingSetUp = false;
    const setup = () => {
      isBeingSetUp = true;
      return isSetUp.opened;
    };
    service.webSocketTask('a', { deps: { slow: dependency({ setup }) } })(() => 1);
    const starting = rejection(service.start());
    await until(() => isBeingSetUp);
    const closed = service.close();
    isSetUp.open();
    expect(await starting).to.be.instanceOf(ServiceStoppingError);
    await closed;
    expect(service.webSocketAddress).to.equal(undefined);
  });

  it('starts only where it can listen, and says where it cannot', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    autoClose({ close: async () => taken.close() });
    const { port } = taken.address() as { port: number };
    const service = makeService({ websocket: { port } });
    service.webSocketTask('a')(() => 1);
    const error = (await rejection(service.start())) as BgTasksError;
    expect(error).to.be.instanceOf(BgTasksError).with.property('code', 'INVALID_SETTING');
    expect(error.message).to.contain(`127.0.0.1:${port}`).and.to.contain('EADDRINUSE');
  });

  it('is not reached once it is closed', async () => {
    const service = makeService();
    service.webSocketTask('a')(() => 1);
    const client = clientOf(await started(service));
    expect(await client.a()).to.equal(1);
    await service.close();
    expect(await rejection(client.a())).to.be.instanceOf(ConnectionFailedError);
  });

  const wrong: [unknown, string][] = [
    [5, 'must be an object'],
    [{ ports: 1 }, 'has no option "ports"'],
    [{ port: 70_000 }, '"port" must be a whole number from 0 to 65535, not 70000'],
    [{ host: '' }, '"host" must be a text'],
    [{ authenticate: true }, '"authenticate" must be a function'],
    [{ origins: ['https://shop.example/'] }, '"origins" must be a list of origins'],
    [{ pingIntervalMs: 0 }, '"pingIntervalMs" must be a whole number'],
  ];
  for (const [websocket, message] of wrong) {
    it(`refuses the setting ${JSON.stringify(websocket)}`, () => {
      const make = () => new Service({ websocket, logger: silentLogger } as object);
      expect(make).to.throw(BgTasksError, message).with.property('code', 'INVALID_SETTING');
    });
  }
});
