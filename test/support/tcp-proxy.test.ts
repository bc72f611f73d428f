import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { autoClose } from './auto-close.js';
import { TcpProxy } from './tcp-proxy.js';
import { pause, until } from './until.js';

describe('the TCP proxy', () => {
  let proxy: TcpProxy;
  /** What the echo server sees of its latest connection. */
  let served: { socket: Socket; end: 'no' | 'end' | 'reset' } | undefined;

  beforeEach(async () => {
    served = undefined;
    const server = createServer((socket) => {
      const one: NonNullable<typeof served> = { socket, end: 'no' };
      served = one;
      socket.on('end', () => (one.end = 'end')).on('error', () => (one.end = 'reset'));
      socket.pipe(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    autoClose({
      close: async () => {
        served?.socket.destroy();
        server.close();
      },
    });
    proxy = autoClose(await new TcpProxy((server.address() as AddressInfo).port).listen());
  });

  /** A client that keeps what comes back, and how its connection ended. */
  const client = async () => {
    const socket = connect(proxy.port, '127.0.0.1');
    const seen = { text: '', end: 'no' as 'no' | 'end' | 'reset' };
    socket.on('data', (chunk) => (seen.text += chunk));
    socket.on('end', () => (seen.end = 'end')).on('error', () => (seen.end = 'reset'));
    autoClose({ close: async () => void socket.destroy() });
    await once(socket, 'connect');
    return { socket, seen };
  };

  /** A client whose connection to the echo server is known to work. */
  const echoing = async () => {
    const one = await client();
    one.socket.write('a');
    await until(() => one.seen.text === 'a');
    return one;
  };

  it('carries both ways, and counts', async () => {
    const { socket, seen } = await echoing();
    socket.write('bc');
    await until(() => seen.text === 'abc');
    expect(proxy.counts).to.deep.equal({ accepted: 1, open: 1, bytesUp: 3, bytesDown: 3 });
    socket.end();
    await until(() => proxy.counts.open === 0);
    expect(seen.end).to.equal('end');
  });

  it('carries megabytes unchanged to a client that reads slowly', async () => {
    const sent = Buffer.alloc(4_000_000, 'abcdefg');
    const { socket } = await client();
    const chunks: Buffer[] = [];
    socket.removeAllListeners('data').pause();
    socket.write(sent);
    await pause(100);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
    await until(() => chunks.reduce((sum, { length }) => sum + length, 0) === sent.length);
    expect(Buffer.concat(chunks).equals(sent)).to.equal(true);
  });

  for (const how of ['reset', 'end'] as const) {
    it(`cuts with ${how}, seen on both sides`, async () => {
      const { seen } = await echoing();
      proxy.cut(how);
      await until(() => seen.end === how && served?.end === how && proxy.counts.open === 0);
    });
  }

  it('swallows one direction and lets the other through', async () => {
    const { socket, seen } = await echoing();
    proxy.blackhole('up');
    socket.write('lost');
    served?.socket.write('down');
    await until(() => seen.text === 'adown');
    await pause(30);
    expect(seen.text).to.equal('adown');
  });

  it('brings nothing more of a connection that lost a byte, and carries the next one', async () => {
    const { socket, seen } = await echoing();
    proxy.blackhole('up');
    socket.write('lost');
    await pause(30);
    proxy.thaw();
    socket.write('late');
    await echoing();
    await pause(30);
    expect(seen.text).to.equal('a');
  });

  it('takes new connections into a blackhole, whose end nobody sees', async () => {
    proxy.blackhole();
    const { socket, seen } = await client();
    socket.write('lost');
    await until(() => served !== undefined);
    socket.destroy();
    await pause(30);
    expect([seen.text, served?.end]).to.deep.equal(['', 'no']);
  });

  for (const [gone, sees] of [
    ['target', 'client'],
    ['client', 'target'],
  ] as const) {
    it(`takes the ${gone} away, unseen by the ${sees}`, async () => {
      const { socket, seen } = await echoing();
      proxy.halfOpen(gone);
      socket.write('b');
      if (gone === 'target') await until(() => served?.end === 'end');
      else await until(() => seen.end === 'end');
      await pause(30);
      expect(gone === 'target' ? seen.end : served?.end).to.equal('no');
    });
  }

  it('holds what a frozen direction carries until it thaws', async () => {
    const { socket, seen } = await echoing();
    proxy.freeze('down');
    socket.write('b');
    await until(() => proxy.counts.bytesUp === 2);
    await pause(30);
    expect(seen.text).to.equal('a');
    proxy.thaw();
    await until(() => seen.text === 'ab');
  });

  it('slows by latency and by bytes a second', async () => {
    const { socket, seen } = await echoing();
    proxy.slow({ latencyMs: 60 });
    const startedAt = performance.now();
    socket.write('b');
    await until(() => seen.text === 'ab');
    expect(performance.now() - startedAt).to.be.above(110); // a timer may fire a millisecond early
    proxy.slow({ bytesPerSecond: 10_000 }, 'down');
    const slowedAt = performance.now();
    socket.write('c'.repeat(2000));
    await until(() => seen.text.length === 2002);
    expect(performance.now() - slowedAt).to.be.above(190);
  });

  it('refuses connections until it listens again', async () => {
    await echoing();
    await proxy.refuse();
    const refused = connect(proxy.port, '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
    await proxy.listen();
    await echoing();
  });
});
