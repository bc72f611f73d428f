/** A service with WebSocket tasks on a free port, and clients of it. */
import { Service, type ServiceOptions, type WebSocketClientOptions, webSocketClient } from 'bgtasks';
import { WebSocket } from 'ws';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';

export function makeService({ websocket, ...options }: ServiceOptions = {}): Service {
  const url = `memory://${unique('websocket')}`;
  return autoClose(
    new Service({ url, logger: silentLogger, drainMs: 100, websocket: { port: 0, ...websocket }, ...options }),
  );
}

export async function started(service: Service): Promise<number> {
  await service.start();
  const { port } = service.webSocketAddress ?? {};
  if (port === undefined) throw new Error('no WebSocket tasks are served');
  return port;
}

export function clientOf(port: number, options: WebSocketClientOptions = {}) {
  return autoClose(webSocketClient('127.0.0.1', port, options));
}

/** A socket without any of our client: texts in, texts out. */
export interface RawSocket {
  say(text: string | Buffer): void;
  /** The next message, parsed. */
  next(): Promise<unknown>;
  /** The code of the close. */
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
}

export async function rawSocket(port: number, headers: Record<string, string> = {}): Promise<RawSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/any/path`, { headers });
  const messages: unknown[] = [];
  const takers: ((message: unknown) => void)[] = [];
  socket.on('message', (data) => {
    const message: unknown = JSON.parse(String(data));
    const taker = takers.shift();
    if (taker) taker(message);
    else messages.push(message);
  });
  const closed = new Promise<number>((resolve) => void socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  autoClose({ close: async () => socket.terminate() });
  const next = () =>
    messages.length > 0
      ? Promise.resolve(messages.shift())
      : new Promise<unknown>((resolve) => void takers.push(resolve));
  return { say: (text) => socket.send(text), next, closed, socket };
}

/** Resolved by hand. */
export function latch<T = void>() {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
