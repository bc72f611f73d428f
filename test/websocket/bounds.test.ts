import { once } from 'node:events';
import { connect } from 'node:net';
import { currentCaller, currentTask, runAs, type WebSocketOptions } from 'bgtasks';
import { expect } from 'chai';
import type { RateLimit as Limit } from '../../lib/adapters/ws/rate-limit.js';
import { RateLimit } from '../../lib/adapters/ws/rate-limit.js';
import type { Logger } from '../../lib/logger.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { clientOf, latch, makeService, rawSocket, started } from './serving.js';

interface Answer {
  readonly data: unknown;
  readonly exception: { readonly exception: string; readonly message: string } | null;
  readonly id?: unknown;
}

function recorded() {
  const warnings: string[] = [];
  const log = () => {};
  const warn = (_facts: object, message = '') => void warnings.push(message);
  const logger: Logger = { debug: log, info: log, error: log, warn };
  return { warnings, logger };
}

async function serve(websocket: WebSocketOptions, options: { logger?: Logger; concurrency?: number } = {}) {
  const service = makeService({ websocket, ...options });
  service.webSocketTask('echo')((value: unknown) => value);
  service.webSocketTask('caller')(() => currentCaller());
  return { service, port: await started(service) };
}

/** The status that refuses a handshake, or 101. */
async function handshake(port: number, headers: Record<string, string> = {}): Promise<number> {
  try {
    await rawSocket(port, headers);
    return 101;
  } catch (error) {
    return Number(/\d{3}/.exec((error as Error).message)?.[0]);
  }
}

describe('the server of WebSocket tasks', () => {
  it('refuses web pages, but for those of the origins that it knows', async () => {
    const { warnings, logger } = recorded();
    const { port } = await serve({ origins: ['https://shop.example'] }, { logger });
    expect(await handshake(port)).to.equal(101);
    expect(await handshake(port, { origin: 'https://shop.example' })).to.equal(101);
    expect(await handshake(port, { origin: 'https://evil.example' })).to.equal(403);
    expect(await handshake(port, { origin: 'null' })).to.equal(403);
    expect(warnings[0]).to.contain('websocket.origins');
  });

  it('asks authenticate() who comes in, and tells the tasks', async () => {
    const { port } = await serve({
      authenticate: async ({ url, headers, remoteAddress }) => {
        if (headers.authorization === 'throw') throw new Error('no');
        if (headers.authorization !== 'Bearer x') return false;
        return { url: `${url} ${remoteAddress}` };
      },
    });
    expect(await handshake(port)).to.equal(401);
    expect(await handshake(port, { authorization: 'throw' })).to.equal(401);
    const client = clientOf(port, { headers: { authorization: 'Bearer x' }, path: '/here?a=1' });
    expect(await client.caller()).to.deep.equal({ url: '/here?a=1 127.0.0.1' });
    // What a client says of its own caller counts for nothing.
    expect(await runAs({ url: '/forged' }, () => client.caller())).to.deep.equal({ url: '/here?a=1 127.0.0.1' });
    expect(await rejection(clientOf(port).caller()))
      .to.have.property('message')
      .that.contains('401');
  });

  it('lets nobody in whom authenticate() neither refuses nor accepts', async () => {
    const { port } = await serve({ authenticate: (() => undefined) as unknown as () => boolean });
    expect(await handshake(port)).to.equal(401);
  });

  it('warns where it listens beyond this machine without authenticate()', async () => {
    const open = recorded();
    await serve({ host: '0.0.0.0' }, { logger: open.logger });
    expect(open.warnings.join()).to.contain('set "websocket.authenticate"');
    const { warnings, logger } = recorded();
    await serve({ host: '0.0.0.0', authenticate: () => true }, { logger });
    await serve({ host: 'localhost' }, { logger });
    expect(warnings).to.deep.equal([]);
  });

  it('answers what is no WebSocket with 426', async () => {
    const { port } = await serve({});
    expect(await fetch(`http://127.0.0.1:${port}/`)).to.have.property('status', 426);
  });

  it('takes no more sockets than it may', async () => {
    const { port } = await serve({ maxSockets: 1 });
    const first = await rawSocket(port);
    expect(await handshake(port)).to.equal(503);
    first.socket.close();
    await first.closed;
    await until(async () => (await handshake(port)) === 101);
  });

  it('ends a socket whose message is too large', async () => {
    const { port } = await serve({ maxBodyBytes: 100 });
    const raw = await rawSocket(port);
    raw.say(JSON.stringify({ command: 'echo', command_args: ['x'.repeat(100)] }));
    expect(await raw.closed).to.equal(1009);
  });

  it('survives what is no frame', async () => {
    const { port } = await serve({});
    const raw = await rawSocket(port);
    const { _socket: tcp } = raw.socket as unknown as { _socket: { write(bytes: Buffer): void } };
    tcp.write(Buffer.alloc(100, 0xff));
    expect(await raw.closed).to.equal(1002);
    const closed = connect(port, '127.0.0.1', () => closed.end('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n'));
    closed.on('error', () => {}).resume();
    await once(closed, 'close');
    expect(await clientOf(port).echo('still here')).to.equal('still here');
  });

  it('answers busy while all handlers run, so that clients come again', async () => {
    const { service, port } = await serve({}, { concurrency: 2 });
    const go = latch();
    service.webSocketTask('wait', { concurrency: 1 })(() => go.opened);
    const raw = await rawSocket(port);
    raw.say('{"command": "wait", "id": 1}');
    raw.say('{"command": "wait", "id": 2}'); // no more of this task
    const second = (await raw.next()) as Answer;
    expect(second).to.have.property('id', 2);
    expect(second.exception).to.include({ exception: 'MaxConnectionsReached', message: 'No Available Workers' });
    service.webSocketTask('wait2')(() => go.opened);
    raw.say('{"command": "wait2", "id": 3}');
    raw.say('{"command": "echo", "id": 4}'); // no more of any
    expect((await raw.next()) as Answer).to.have.nested.property('exception.exception', 'MaxConnectionsReached');
    const call = clientOf(port).echo('came again');
    await until(() => service.health().inFlight === 2);
    go.open();
    expect(await call).to.equal('came again');
  });

  it('does not read a client on while it has too many calls under way', async () => {
    const { service, port } = await serve({ maxInFlight: 2 });
    const go = latch();
    let running = 0;
    service.webSocketTask('wait')(async () => {
      running += 1;
      await go.opened;
    });
    const raw = await rawSocket(port);
    raw.say('{"command": "wait", "id": 1}');
    raw.say('{"command": "wait", "id": 2}');
    await until(() => running === 2);
    raw.say('{"command": "echo", "id": 3, "command_args": ["later"]}');
    const other = await rawSocket(port);
    other.say('{"command": "echo", "command_args": ["other"]}'); // another client is served meanwhile
    expect(await other.next()).to.have.property('data', 'other');
    go.open();
    const ids = [await raw.next(), await raw.next(), await raw.next()].map((answer) => (answer as Answer).id);
    expect(ids).to.deep.equal([1, 2, 3]);
  });

  it('does not read a client on that sends too many messages, until the second is over', () => {
    const changes: boolean[] = [];
    const limit: Limit = new RateLimit(3, (isOver) => changes.push(isOver));
    for (const now of [5000, 5100, 6001, 6002]) limit.count(now); // two in one second, two in the next
    expect(changes).to.deep.equal([]);
    limit.count(6003);
    limit.count(6004);
    expect(changes).to.deep.equal([true]);
    limit.stop();
  });

  it('answers all of them in the end', async () => {
    const { port } = await serve({ maxMessagesPerSecond: 10 });
    const raw = await rawSocket(port);
    for (let id = 0; id < 15; id += 1) raw.say(JSON.stringify({ command: 'echo', command_args: [id], id }));
    const answers: unknown[] = [];
    for (let id = 0; id < 15; id += 1) answers.push(((await raw.next()) as Answer).id);
    expect(answers).to.have.length(15);
  });

  it('ends a client that does not read its answers', async () => {
    const { warnings, logger } = recorded();
    const { service, port } = await serve({ maxBufferedBytes: 1000 }, { logger });
    service.webSocketTask('large')(() => 'x'.repeat(4_000_000));
    const raw = await rawSocket(port);
    raw.socket.pause();
    for (let id = 0; id < 20; id += 1) raw.say(JSON.stringify({ command: 'large', id }));
    await until(() => warnings.length > 0);
    expect(warnings[0]).to.contain('it reads no answers');
    raw.socket.resume();
    await raw.closed;
  });

  it('ends a client that answers no ping, and keeps one that does', async () => {
    const { port } = await serve({ pingIntervalMs: 20 });
    const dead = await rawSocket(port);
    const alive = await rawSocket(port);
    dead.socket.pong = () => {};
    (dead.socket as unknown as { _autoPong: boolean })._autoPong = false;
    expect(await dead.closed).to.equal(1006);
    alive.say('{"command": "echo", "command_args": ["here"]}');
    expect(await alive.next()).to.have.property('data', 'here');
  });

  for (const [how, maxInFlight] of [
    ['', 100],
    [', also of one that is not read for its many calls', 1],
  ] as const) {
    it(`aborts the handlers of a client that has gone${how}`, async () => {
      const { service, port } = await serve({ maxInFlight, pingIntervalMs: 20 });
      const begun = latch<AbortSignal>();
      service.webSocketTask('listens')(() => {
        const { signal } = currentTask() ?? {};
        if (signal) begun.open(signal);
        return new Promise((resolve) => signal?.addEventListener('abort', resolve));
      });
      const raw = await rawSocket(port);
      raw.say('{"command": "listens"}');
      const signal = await begun.opened;
      raw.socket.terminate();
      await once(signal, 'abort');
      expect(signal.reason).to.have.property('code', 'CALL_ABORTED');
    });
  }
});
