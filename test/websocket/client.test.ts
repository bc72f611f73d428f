import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import {
  CallAbortedError,
  ConnectionFailedError,
  ConnectionLostError,
  currentTask,
  NoRouteError,
  RemoteError,
  RpcTimeoutError,
  type Service,
  ServiceStoppingError,
  webSocketClient,
} from 'bgtasks';
import { expect } from 'chai';
import { type WebSocket, WebSocketServer } from 'ws';
import { autoClose } from '../support/auto-close.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { clientOf, latch, makeService, started } from './serving.js';

interface Message {
  readonly command: string;
  readonly command_args: unknown[];
  readonly id?: string;
  readonly timeout_ms?: number;
}

/** A server of somebody else: `onMessage` is all that it does. */
async function foreignServer(
  onMessage: (message: Message, socket: WebSocket) => void,
  headers: readonly string[] = [],
): Promise<{ port: number; sockets: Set<WebSocket>; opened: () => number }> {
  const http: Server = createServer();
  const server = new WebSocketServer({ server: http });
  let opened = 0;
  server.on('headers', (list) => list.push(...headers));
  server.on('connection', (socket) => {
    opened += 1;
    socket.on('message', (data) => onMessage(JSON.parse(String(data)) as Message, socket));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  autoClose({
    close: async () => {
      for (const socket of server.clients) socket.terminate();
      http.close();
    },
  });
  return { port: (http.address() as AddressInfo).port, sockets: server.clients, opened: () => opened };
}

const WITH_IDS = ['bgtasks-ids: 1'];
const busy = { data: null, exception: { exception: 'MaxConnectionsReached', message: 'No Available Workers' } };

describe('webSocketClient', () => {
  let service: Service;
  let port: number;

  beforeEach(async () => {
    service = makeService({ maxBodyBytes: 100_000 });
    service.webSocketTask('websocket_task', { params: ['arg1', 'arg2', 'sep'], description: 'Joins its arguments.' })(
      (arg1: string, arg2: string, sep = ' - ') => `${arg1}${sep}${arg2}`,
    );
    service.webSocketTask('fails')(() => {
      throw Object.assign(new Error('boom'), { code: 'BOOM' });
    });
    service.webSocketTask('then')(() => 'a target named then');
    service.webSocketTask('hangs')(() => new Promise(() => {}));
    port = await started(service);
  });

  it('calls a target as a property', async () => {
    const client = clientOf(port);
    expect(await client.websocket_task('argument3', 'argument4')).to.equal('argument3 - argument4');
  });

  it('sends arguments by name', async () => {
    const answer = await clientOf(port).call('websocket_task', { args: ['a'], kwargs: { sep: '+', arg2: 'b' } });
    expect(answer).to.equal('a+b');
  });

  it('lists the targets, which from then on say what they take', async () => {
    const client = clientOf(port);
    expect(client.targets).to.deep.equal({});
    expect(client.websocket_task.info).to.equal(
      'target: websocket_task\nNothing is known of it: call listTargets() first.',
    );
    const listed = await client.listTargets();
    expect(listed[0]).to.deep.equal({
      target: 'websocket_task',
      args: ['arg1', 'arg2'],
      kwargs: ['sep'],
      docstring: 'Joins its arguments.',
    });
    expect(Object.keys(client.targets)).to.deep.equal(['websocket_task', 'fails', 'then', 'hangs']);
    expect(await client.targets.websocket_task?.('a', 'b')).to.equal('a - b');
    expect(client.websocket_task.info).to.equal(
      [
        'target: websocket_task',
        'arguments: arg1, arg2',
        'keyword arguments: sep',
        'docstring: Joins its arguments.',
      ].join('\n'),
    );
    expect(client.fails.info).to.contain('arguments: none').and.to.contain('docstring: none');
  });

  it('calls without waiting, for a result later', async () => {
    const client = clientOf(port);
    const pending = client.websocket_task.callAsync('a', 'b');
    expect(pending).not.to.be.instanceOf(Promise);
    expect([await pending.result(), await pending.result()]).to.deep.equal(['a - b', 'a - b']);
    const failing = client.fails.callAsync(); // a result that nobody asks for is no unhandled rejection
    await client.websocket_task('a', 'b');
    expect(await rejection(failing.result())).to.be.instanceOf(RemoteError);
  });

  it('is no promise itself, and reaches targets of any name', async () => {
    const client = await Promise.resolve(clientOf(port));
    expect(await client.target('then')()).to.equal('a target named then');
  });

  it('opens one socket for many calls, whose answers may come in any order', async () => {
    const slow = latch<string>();
    service.webSocketTask('slow')(() => slow.opened);
    const client = clientOf(port);
    const first = client.slow();
    const others = await Promise.all(Array.from({ length: 300 }, (_, index) => client.websocket_task('a', `${index}`)));
    expect(others.at(-1)).to.equal('a - 299');
    slow.open('slow');
    expect(await first).to.equal('slow');
  });

  it('gives the errors of the task, and of a target that is not there', async () => {
    const client = clientOf(port);
    const failed = (await rejection(client.fails())) as RemoteError;
    expect(failed).to.be.instanceOf(RemoteError);
    expect(failed.remote).to.deep.equal({ code: 'BOOM', message: 'boom' });
    expect(await rejection(client.nosuch())).to.be.instanceOf(NoRouteError);
    await client.listTargets();
    expect(await rejection(client.nosuch())).to.have.property(
      'message',
      'Nobody serves "nosuch". Known routes: websocket_task, fails, then, hangs.',
    );
  });

  it('gives up after the timeout, and tells the task how long it waits', async () => {
    const client = clientOf(port, { timeoutMs: 30 });
    expect(await rejection(client.hangs())).to.be.instanceOf(RpcTimeoutError);
    let aborted: Promise<unknown> | undefined;
    service.webSocketTask('listens')(() => {
      const { signal } = currentTask() ?? {};
      if (signal) aborted = once(signal, 'abort');
      return new Promise(() => {});
    });
    expect(await rejection(client.listens())).to.be.instanceOf(RpcTimeoutError);
    await aborted;
    expect(await rejection(client.call('hangs', {}, { timeoutMs: 10 }))).to.be.instanceOf(RpcTimeoutError);
  });

  it('waits no longer than whoever called the task that calls', async () => {
    const client = clientOf(port);
    const inner = latch<Promise<unknown>>();
    service.rpcTask('outer')(() => inner.open(rejection(client.hangs())));
    await service.call('outer', null, { timeoutMs: 300 });
    expect(await inner.opened)
      .to.be.instanceOf(RpcTimeoutError)
      .with.nested.property('details.timeoutMs')
      .that.is.at.most(300);
  });

  it('gives up when its signal is aborted', async () => {
    const abort = new AbortController();
    const call = rejection(clientOf(port).call('hangs', {}, { signal: abort.signal }));
    abort.abort();
    expect(await call).to.be.instanceOf(CallAbortedError);
  });

  it('fails what waits when it closes, and every call after', async () => {
    const client = clientOf(port);
    const waiting = rejection(client.hangs());
    await client.websocket_task('a', 'b');
    await client.close();
    await client.close();
    expect(await waiting).to.be.instanceOf(ServiceStoppingError);
    expect(await rejection(client.websocket_task('a', 'b'))).to.be.instanceOf(ServiceStoppingError);
    expect(await rejection(client.websocket_task.callAsync('a', 'b').result())).to.be.instanceOf(ServiceStoppingError);
  });

  it('says that the server cannot be reached, and reaches it once it is there', async () => {
    const { port: free } = await new Promise<AddressInfo>((resolve) => {
      const server = createTcpServer().listen(0, '127.0.0.1', () => {
        const address = server.address() as AddressInfo;
        server.close(() => resolve(address));
      });
    });
    const client = clientOf(free);
    const error = (await rejection(client.task())) as ConnectionFailedError;
    expect(error).to.be.instanceOf(ConnectionFailedError);
    expect(error.message).to.contain(`ws://127.0.0.1:${free}/`).and.to.contain('ECONNREFUSED');
    const late = makeService({ websocket: { port: free } });
    late.webSocketTask('task')(() => 'here');
    await late.start();
    expect(await client.task()).to.equal('here');
  });

  it('fails what waits when the socket is lost, and opens another for the next call', async () => {
    let answers = false;
    const server = await foreignServer(({ id }, socket) => {
      if (answers) socket.send(JSON.stringify({ data: 'back', exception: null, id }));
      else socket.terminate();
    }, WITH_IDS);
    const client = clientOf(server.port);
    const lost = (await rejection(client.task())) as ConnectionLostError;
    expect(lost).to.be.instanceOf(ConnectionLostError);
    expect(lost.maybeExecuted).to.equal(true);
    answers = true;
    expect(await client.task()).to.equal('back');
  });

  it('ends a socket on which no ping is answered', async () => {
    const server = await foreignServer((_message, socket) => socket.pause(), WITH_IDS);
    const client = clientOf(server.port, { pingIntervalMs: 20 });
    expect(await rejection(client.task())).to.be.instanceOf(ConnectionLostError);
  });

  it('has no more calls under way than it may', async () => {
    let open = 0;
    let most = 0;
    const server = await foreignServer(({ id }, socket) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        socket.send(JSON.stringify({ data: id, exception: null, id }));
      }, 5);
    }, WITH_IDS);
    const client = clientOf(server.port, { maxInFlight: 3 });
    await Promise.all(Array.from({ length: 10 }, () => client.task()));
    expect(most).to.equal(3);
    expect(server.opened()).to.equal(1);
  });

  it('sends nothing that it would not read itself', async () => {
    const client = clientOf(port, { maxBodyBytes: 200 });
    expect(await rejection(client.websocket_task('x'.repeat(300)))).to.have.property('code', 'BODY_TOO_LARGE');
    expect(await rejection(client.websocket_task(1n))).to.have.property('code', 'BAD_BODY');
    expect(await client.websocket_task('a', 'b')).to.equal('a - b');
  });

  for (const [what, answer] of [
    ['no JSON', '{oops'],
    ['NaN', '{"data": NaN, "exception": null}'],
    ['hostile', '{"__proto__": {}, "data": 1}'],
    ['too large', JSON.stringify({ data: 'x'.repeat(2000) })],
  ] as const) {
    it(`settles a call whose answer is ${what}`, async () => {
      const server = await foreignServer((_message, socket) => socket.send(answer));
      const client = clientOf(server.port, { maxBodyBytes: 1000 });
      expect(await rejection(client.task()))
        .to.have.property('code')
        .that.equals('BAD_REPLY');
    });
  }

  for (const answer of [5, null, [5], [{ target: 5 }], { target: 'a' }]) {
    it(`refuses ${JSON.stringify(answer)} as a list of targets`, async () => {
      const server = await foreignServer((_, socket) => socket.send(JSON.stringify({ data: answer, exception: null })));
      expect(await rejection(clientOf(server.port).listTargets())).to.have.property('code', 'BAD_REPLY');
    });
  }

  it('takes hostile names of targets for names', async () => {
    const data = [{ target: '__proto__' }, { target: 'close', args: 5, kwargs: [1, 'k'] }];
    const server = await foreignServer((_, socket) => socket.send(JSON.stringify({ data, exception: null })));
    const client = clientOf(server.port);
    await client.listTargets();
    expect(Object.keys(client.targets)).to.deep.equal(['__proto__', 'close']);
    expect(client.target('close').info).to.contain('keyword arguments: k');
    await client.close(); // still its own
  });

  describe('of a server without ids', () => {
    it('takes a socket for each call, and sends neither id nor timeout', async () => {
      const seen: Message[] = [];
      const server = await foreignServer((message, socket) => {
        seen.push(message);
        const [delayMs] = message.command_args as [number];
        setTimeout(() => socket.send(JSON.stringify({ data: delayMs, exception: null })), delayMs);
      });
      const client = clientOf(server.port);
      expect(await Promise.all([client.task(30), client.task(0), client.task(10)])).to.deep.equal([30, 0, 10]);
      expect(server.opened()).to.equal(3);
      expect(seen[0]).to.deep.equal({ command: 'task', command_args: [30], command_kwargs: {} });
      await until(() => server.sockets.size === 0);
    });

    it('never takes a late answer for that of the next call', async () => {
      const server = await foreignServer(({ command_args: [value] }, socket) => {
        const delayMs = value === 'late' ? 40 : 60;
        setTimeout(() => socket.send(JSON.stringify({ data: value, exception: null })), delayMs);
      });
      const client = clientOf(server.port);
      const late = rejection(client.call('task', { args: ['late'] }, { timeoutMs: 20 }));
      expect(await late).to.be.instanceOf(RpcTimeoutError);
      expect(await client.task('next')).to.equal('next');
    });

    it('finds out when one of ours has taken its place', async () => {
      const headers: string[] = [];
      const server = await foreignServer(
        ({ id }, socket) => socket.send(JSON.stringify({ data: id ?? null, exception: null, id })),
        headers,
      );
      const client = clientOf(server.port);
      expect([await client.task(), await client.task()]).to.deep.equal([null, null]);
      headers.push(...WITH_IDS);
      for (let calls = 0; calls < 5; calls += 1) expect(await client.task()).to.be.a('string');
      expect(server.opened()).to.equal(3);
    });

    it('keeps one socket of those that were opened when it finds out', async () => {
      const headers: string[] = [];
      const server = await foreignServer(
        ({ id }, socket) =>
          setTimeout(() => socket.send(JSON.stringify({ data: id ?? null, exception: null, id })), 20),
        headers,
      );
      const client = clientOf(server.port);
      expect(await client.task()).to.equal(null);
      headers.push(...WITH_IDS);
      const answers = await Promise.all([1, 2, 3, 4].map(() => client.task()));
      expect(answers).to.deep.equal(['2', '3', '4', '5']);
      await until(() => server.sockets.size === 1);
      await client.close();
      await until(() => server.sockets.size === 0);
    });

    it('leaves no socket open that was opened while it closed', async () => {
      const headers: string[] = [];
      const server = await foreignServer(
        ({ id }, socket) => id === undefined && socket.send(JSON.stringify({ data: null, exception: null })),
        headers,
      );
      const client = clientOf(server.port);
      expect(await client.task()).to.equal(null);
      headers.push(...WITH_IDS);
      const given = rejection(client.task());
      await client.close();
      expect(await given).to.be.instanceOf(ServiceStoppingError);
      await until(() => server.opened() === 2 && server.sockets.size === 0);
    });
  });

  describe('of a busy server', () => {
    it('waits and tries again', async () => {
      let asked = 0;
      const server = await foreignServer((_, socket) => {
        asked += 1;
        socket.send(JSON.stringify(asked === 1 ? busy : { data: 'at last', exception: null }));
      });
      expect(await clientOf(server.port).task()).to.equal('at last');
      expect(asked).to.equal(2);
    });

    it('does so until its timeout', async () => {
      const server = await foreignServer(({ id }, socket) => socket.send(JSON.stringify({ ...busy, id })), WITH_IDS);
      expect(await rejection(clientOf(server.port, { timeoutMs: 50 }).task())).to.be.instanceOf(RpcTimeoutError);
    });
  });

  for (const [what, ...args] of [
    ['no host', ''],
    ['port 0', 'localhost', 0],
    ['an unknown option', 'localhost', 8765, { timeout: 5 }],
    ['a path without a slash', 'localhost', 8765, { path: 'x' }],
    ['a timeout that is none', 'localhost', 8765, { timeoutMs: -1 }],
  ] as const) {
    it(`refuses ${what}`, () => {
      const make = webSocketClient as (...given: unknown[]) => unknown;
      expect(() => make(...args))
        .to.throw('webSocketClient():')
        .with.property('code', 'USAGE');
    });
  }

  it('refuses options of a call that it does not have', async () => {
    const call = clientOf(port).call as (...given: unknown[]) => Promise<unknown>;
    expect(await rejection(call('websocket_task', {}, { retry: 3 }))).to.have.property('code', 'USAGE');
    expect(await rejection(call('websocket_task', {}, { timeoutMs: 0 }))).to.have.property('code', 'USAGE');
  });
});
