/**
 * The client's end of one socket. The only file of the client that loads ws.
 *
 * Shape:  `exchange` sends a command and gives its outcome. With ids many may be under way; without, it is used once, so that
 *         a late answer is never taken for that of another call.
 * Errors: `CONNECTION_FAILED` where no socket can be had, `CONNECTION_LOST` where it ends first, `BAD_REPLY`.
 */
import { WebSocket } from 'ws';
import { BadReplyError, ConnectionFailedError, ConnectionLostError, messageOf } from '../../errors.js';
import {
  type CommandId,
  IDS_HEADER,
  readReply,
  type SocketCommand,
  writeCommand,
} from '../../protocols/micro-framework/socket-command.js';
import type { Outcome } from '../../protocols/protocol.js';

const HANDSHAKE_MS = 10_000;
/** How long the server may take to say goodbye. */
const CLOSE_MS = 1000;
/** RFC 6455, section 7.4.1. */
const NORMAL_CLOSURE = 1000;

export interface SocketOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBodyBytes: number;
  readonly pingIntervalMs: number;
}

interface Waiting {
  readonly route: string;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/** The code of ws for a message above `maxPayload`. */
const TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/** Where the server has no ids, one call at a time waits under this one. */
const THE_ONE = '';

export class ClientSocket {
  readonly #socket: WebSocket;
  readonly #options: SocketOptions;
  readonly #waiting = new Map<CommandId, Waiting>();
  readonly #pings: NodeJS.Timeout;
  #isAlive = true;
  /** What ended it, where that is known. */
  #failure: Error | undefined;
  /** The server answers with ids: one of ours. */
  readonly hasIds: boolean;

  private constructor(socket: WebSocket, options: SocketOptions, hasIds: boolean) {
    this.#socket = socket;
    this.#options = options;
    this.hasIds = hasIds;
    // `binaryType` is 'nodebuffer', so ws gives nothing else.
    socket.on('message', (data) => this.#onMessage(data as Buffer));
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('error', (cause) => {
      this.#failure = cause;
    });
    socket.on('close', () => this.#onClose());
    this.#pings = setInterval(() => this.#ping(), options.pingIntervalMs);
    this.#pings.unref();
  }

  static open(options: SocketOptions): Promise<ClientSocket> {
    const { url, headers, maxBodyBytes } = options;
    return new Promise((resolve, reject) => {
      const settings = { headers, maxPayload: maxBodyBytes, perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS };
      const socket = new WebSocket(url, settings);
      let hasIds = false;
      socket.on('upgrade', (response) => {
        hasIds = response.headers[IDS_HEADER] !== undefined;
      });
      socket.on('error', (cause) => reject(notOpened(url, cause)));
      socket.on('open', () => resolve(new ClientSocket(socket, options, hasIds)));
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Rejects at once where the command cannot be written. */
  exchange(command: SocketCommand & { readonly id: CommandId }): Promise<Outcome> {
    const { id, timeoutMs: _, ...bare } = command;
    const text = writeCommand(this.hasIds ? command : bare, this.#options.maxBodyBytes);
    if (!this.isOpen) throw new ConnectionLostError(command.name, false);
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.hasIds ? id : THE_ONE, { route: command.name, resolve, reject });
      this.#socket.send(text, { binary: false });
    });
  }

  /** Nobody waits any more. */
  forget(id: CommandId): void {
    this.#waiting.delete(this.hasIds ? id : THE_ONE);
  }

  /** Resolves once it is closed. */
  close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#socket.terminate(), CLOSE_MS);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.close(NORMAL_CLOSURE); // a peer in Python takes a close without a code for an error
    });
  }

  #onMessage(bytes: Buffer): void {
    this.#isAlive = true;
    const { maxBodyBytes } = this.#options;
    try {
      const { id, outcome } = readReply(bytes, maxBodyBytes);
      this.#settle(this.hasIds ? id : THE_ONE, outcome);
    } catch (error) {
      // Whose answer it was cannot be known.
      for (const { route, reject } of this.#takeAll()) {
        reject(new BadReplyError(route, messageOf(error), { cause: error }));
      }
      void this.close();
    }
  }

  #settle(id: CommandId | undefined, outcome: Outcome): void {
    if (id === undefined) return;
    this.#waiting.get(id)?.resolve(outcome);
    this.#waiting.delete(id);
  }

  #ping(): void {
    if (!this.#isAlive) this.#socket.terminate();
    this.#isAlive = false;
    if (this.isOpen) this.#socket.ping();
  }

  #onClose(): void {
    clearInterval(this.#pings);
    for (const { route, reject } of this.#takeAll()) reject(this.#lost(route));
  }

  #lost(route: string): Error {
    const cause = this.#failure;
    if ((cause as { code?: unknown } | undefined)?.code !== TOO_LARGE) {
      return new ConnectionLostError(route, true, cause && { cause });
    }
    const most = `an answer has more than ${this.#options.maxBodyBytes} bytes ("maxBodyBytes" of the client).`;
    return new BadReplyError(route, most, { cause });
  }

  #takeAll(): readonly Waiting[] {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    return all;
  }
}

function notOpened(url: string, cause: Error): ConnectionFailedError {
  const { code } = cause as { code?: unknown };
  const reason = cause.message || String(code); // of several addresses, Node gives the code alone
  return new ConnectionFailedError(`The WebSocket server ${url} cannot be reached: ${reason}`, { url }, { cause });
}
