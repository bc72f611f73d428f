/**
 * Serves WebSocket tasks on a port of their own.
 *
 * Shape:  `listen` resolves once the port is open; `stopListening` lets nobody new in, `close` ends all clients.
 * Bounds: `maxSockets`, those that are still being let in included; `HANDSHAKE_MS` for a handshake.
 * Errors: `INVALID_SETTING` where it cannot listen, naming address and reason.
 */
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { BgTasksError, messageOf } from '../../errors.js';
import { IDS_HEADER } from '../../protocols/micro-framework/socket-command.js';
import type { Listener, WebSocketAddress } from '../../worker/websocket-source.js';
import { admit } from './admission.js';
import { Session, type SessionParts } from './session.js';

const HANDSHAKE_MS = 10_000;
/** How long a client may take to say goodbye. */
const CLOSE_MS = 1000;
/** Beyond `maxSockets`: connections that can still be told that there is no room. */
const SPARE_CONNECTIONS = 100;

export async function listen(parts: SessionParts): Promise<Listener> {
  const server = new SocketServer(parts);
  await server.listen();
  return server;
}

class SocketServer implements Listener {
  readonly #parts: SessionParts;
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  readonly #sessions = new Set<Session>();
  #entering = 0;
  #pings: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(parts: SessionParts) {
    const { maxBodyBytes, maxSockets } = parts.settings;
    this.#parts = parts;
    this.#http = createServer({
      headersTimeout: HANDSHAKE_MS,
      requestTimeout: HANDSHAKE_MS,
      connectionsCheckingInterval: HANDSHAKE_MS,
    });
    this.#http.maxConnections = maxSockets + SPARE_CONNECTIONS;
    this.#http.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
    });
    this.#http.on('upgrade', (request, socket, head) => void this.#onUpgrade(request, socket, head));
    // Without compression, a small message cannot unfold into a large one.
    this.#webSockets = new WebSocketServer({ noServer: true, maxPayload: maxBodyBytes, perMessageDeflate: false });
    this.#webSockets.on('headers', (headers) => headers.push(`${IDS_HEADER}: 1`));
  }

  get address(): WebSocketAddress {
    const { address, port } = this.#http.address() as AddressInfo;
    return { host: address, port };
  }

  async listen(): Promise<void> {
    const { host, port, authenticate, pingIntervalMs } = this.#parts.settings;
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (cause) => reject(cannotListen(host, port, cause)));
      this.#http.listen(port, host, resolve);
    });
    const { logger } = this.#parts;
    this.#http.on('error', (error) => logger.error({ err: error }, 'the port of WebSocket tasks failed'));
    logger.info(this.address, 'WebSocket tasks are served');
    if (!authenticate && !isLoopback(this.address.host)) {
      const message = 'WebSocket tasks are open to everybody who reaches this address: set "websocket.authenticate"';
      logger.warn(this.address, message);
    }
    this.#pings = setInterval(() => {
      for (const session of this.#sessions) session.ping();
    }, pingIntervalMs);
  }

  stopListening(): void {
    this.#http.close();
    this.#http.closeIdleConnections();
  }

  async close(): Promise<void> {
    this.stopListening();
    for (const session of this.#sessions) session.close();
    if (this.#sessions.size > 0) await this.#empty();
    clearInterval(this.#pings);
    this.#http.closeAllConnections();
  }

  /** Whoever has not said goodbye by then is cut off. */
  #empty(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const session of this.#sessions) session.terminate();
      }, CLOSE_MS);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const onError = () => socket.destroy();
    socket.on('error', onError);
    const { settings, logger } = this.#parts;
    if (this.#sessions.size + this.#entering >= settings.maxSockets) {
      logger.warn({ maxSockets: settings.maxSockets }, 'websocket refused: there are "websocket.maxSockets" already');
      return refuse(socket, 503, 'Too many sockets');
    }
    this.#entering += 1;
    const admission = await withinTime(admit(request, settings, logger)).finally(() => {
      this.#entering -= 1;
    });
    if (!admission || socket.destroyed || !this.#http.listening) return void socket.destroy();
    if ('status' in admission) return refuse(socket, admission.status, admission.reason);
    socket.off('error', onError);
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new Session(webSocket, admission.caller, this.#parts);
      this.#sessions.add(session);
      webSocket.once('close', () => {
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#onEmpty?.();
      });
    });
  }
}

function refuse(socket: Duplex, status: number, reason: string): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`, () => socket.destroy());
}

/** Undefined where it takes too long: a hook that hangs must not keep the place of others. */
async function withinTime<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, HANDSHAKE_MS, undefined);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function cannotListen(host: string, port: number, cause: Error): BgTasksError {
  const message = `WebSocket tasks cannot be served at ${host}:${port}: ${messageOf(cause)} (setting "websocket").`;
  return new BgTasksError('INVALID_SETTING', message, { host, port }, { cause });
}

function isLoopback(host: string): boolean {
  return /^(::ffff:)?127\./.test(host) || host === '::1';
}
