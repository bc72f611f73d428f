/**
 * Calls the WebSocket tasks of a server: one of ours, or micro_framework's.
 *
 * Shape:  `webSocketClient('127.0.0.1', 8765)`; nothing is opened before the first call, and what was lost is opened again
 *         by the next one. One socket for all calls where the server answers with ids, else one for each call.
 * Units:  `...Ms` is milliseconds.
 * Errors: every call settles: `NO_ROUTE`, `REMOTE_ERROR`, `RPC_TIMEOUT`, `CALL_ABORTED`, `CONNECTION_FAILED`,
 *         `CONNECTION_LOST`, `BAD_REPLY`, `SERVICE_STOPPING` after `close()`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkCallOptions } from '../../clients/call-options.js';
import { type PendingCall, PendingCalls } from '../../clients/pending-calls.js';
import {
  BgTasksError,
  messageOf,
  NoRouteError,
  preview,
  RemoteError,
  RpcTimeoutError,
  ServiceStoppingError,
} from '../../errors.js';
import type { Json } from '../../json.js';
import { BUSY, UNKNOWN_TARGET } from '../../protocols/micro-framework/socket-command.js';
import type { Outcome } from '../../protocols/protocol.js';
import { problemWithAll } from '../../remote/settings.js';
import { currentScope } from '../../scope.js';
import type { Arguments } from '../../tasks/arguments.js';
import type { CallOptions } from '../../tasks/remotes.js';
import type { TargetInfo, WebSocketHandler, WebSocketTask } from '../../tasks/websocket.js';
import { Gate } from '../../worker/gate.js';
import type { ClientSocket, SocketOptions } from './client-socket.js';
import { readTargets, targetOf, type WebSocketTarget, withTargets } from './target.js';

/** As micro_framework's own client waits for a worker. */
const BUSY_WAIT_MS = 500;

export interface WebSocketClientOptions {
  /** How long a call waits for its answer. Default: 60,000. */
  timeoutMs?: number;
  /** Default: `/`. */
  path?: string;
  /** `wss://` in place of `ws://`. Default: false. */
  secure?: boolean;
  /** Sent with the handshake, such as `{ authorization: 'Bearer ...' }`. */
  headers?: Readonly<Record<string, string>>;
  /** The largest command that is sent, and the largest answer that is read. Default: 16 MiB. */
  maxBodyBytes?: number;
  /** Calls under way at once; more wait their turn. Default: 100. */
  maxInFlight?: number;
  /** A server that does not answer a ping by the next one is gone. Default: 30,000. */
  pingIntervalMs?: number;
}

export type WebSocketCallOptions = Pick<CallOptions, 'timeoutMs' | 'signal'>;

/** The client without its targets. */
export interface WebSocketCalls extends AsyncDisposable {
  /** What the server serves, which from then on is in `targets`. */
  listTargets(): Promise<readonly TargetInfo[]>;
  /** By name, as far as `listTargets()` has brought them. */
  readonly targets: Readonly<Record<string, WebSocketTarget>>;
  /** A target whose name is not known to the compiler, or is one of the client's own. */
  target(name: string): WebSocketTarget;
  /** With arguments by name, a timeout, a signal: `call('sum', { args: [1], kwargs: { b: 2 } }, { timeoutMs: 500 })`. */
  call(name: string, given?: Partial<Arguments>, options?: WebSocketCallOptions): Promise<unknown>;
  /** Calls that wait are failed. Closing twice is harmless. */
  close(): Promise<void>;
}

type TargetOfTask<T> =
  T extends WebSocketTask<string, infer F>
    ? WebSocketTarget<Parameters<F>, Json<Awaited<ReturnType<F>>>>
    : T extends WebSocketHandler
      ? WebSocketTarget<Parameters<T>, Json<Awaited<ReturnType<T>>>>
      : never;

/** `T` says what is served: `WebSocketClient<{ sum: typeof sum }>`, of tasks or of functions. */
// biome-ignore lint/suspicious/noExplicitAny: of a server that nothing is known of, every name is a target
export type WebSocketClient<T = any> = WebSocketCalls &
  (0 extends 1 & T
    ? // biome-ignore lint/suspicious/noExplicitAny: with noUncheckedIndexedAccess, any other type would be possibly undefined
      { readonly [name: string]: any }
    : { readonly [K in Exclude<keyof T, keyof WebSocketCalls>]: TargetOfTask<T[K]> });

// biome-ignore lint/suspicious/noExplicitAny: as above
export function webSocketClient<T = any>(
  host: string,
  port = 8765,
  options: WebSocketClientOptions = {},
): WebSocketClient<T> {
  checkOptions(host, port, options);
  const client = new Client(host, port, options);
  return withTargets(client, (name) => client.target(name)) as unknown as WebSocketClient<T>;
}

interface Call extends PendingCall {
  readonly given: Arguments;
  /** By the clock of `performance`. */
  readonly expiresAt: number;
  /** The one it was sent on. */
  socket?: ClientSocket;
}

class Client implements WebSocketCalls {
  readonly #options: SocketOptions & { readonly timeoutMs: number };
  readonly #pending = new PendingCalls<Call>();
  readonly #gate: Gate;
  #targets: ReadonlyMap<string, TargetInfo> = new Map();
  #lastId = 0;
  /** With ids: that of all calls. */
  #shared: ClientSocket | undefined;
  #opening: Promise<ClientSocket> | undefined;
  /** The server is known to have no ids. */
  #isOneByOne = false;
  #isClosed = false;

  constructor(host: string, port: number, options: WebSocketClientOptions) {
    const { timeoutMs = 60_000, path = '/', secure = false, headers = {}, pingIntervalMs = 30_000 } = options;
    const { maxBodyBytes = 16 * 1024 * 1024, maxInFlight = 100 } = options;
    const url = `${secure ? 'wss' : 'ws'}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
    this.#options = { url, headers, maxBodyBytes, pingIntervalMs, timeoutMs };
    this.#gate = new Gate(maxInFlight);
  }

  get targets(): Readonly<Record<string, WebSocketTarget>> {
    const byName: Record<string, WebSocketTarget> = Object.create(null);
    for (const name of this.#targets.keys()) byName[name] = this.target(name);
    return Object.freeze(byName);
  }

  target(name: string): WebSocketTarget {
    return targetOf(name, {
      call: (route, args) => this.call(route, { args }),
      infoOf: (route) => this.#targets.get(route),
    });
  }

  async listTargets(): Promise<readonly TargetInfo[]> {
    const route = '__list_targets__';
    const targets = readTargets(await this.call(route), route);
    this.#targets = new Map(targets.map((info) => [info.target, info]));
    return targets;
  }

  async call(name: string, given: Partial<Arguments> = {}, options: WebSocketCallOptions = {}): Promise<unknown> {
    checkOwnOptions(name, options);
    if (this.#isClosed) throw new ServiceStoppingError(`"${name}" was not called`);
    const timeoutMs = this.#timeoutFor(name, options.timeoutMs);
    const { args = [], kwargs = {} } = given;
    this.#lastId += 1;
    const expiresAt = performance.now() + timeoutMs;
    const call: Call = { id: String(this.#lastId), route: name, timeoutMs, given: { args, kwargs }, expiresAt };
    const signals = [options.signal, currentScope()?.signal].filter((signal) => signal !== undefined);
    const answer = this.#pending.open(call, signals.length > 1 ? AbortSignal.any(signals) : signals[0]);
    const ended = new AbortController();
    this.#gate.enter(() => void this.#run(call, ended.signal).finally(() => this.#gate.leave()));
    try {
      return await answer;
    } finally {
      ended.abort();
      call.socket?.forget(call.id);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pending.failAll(({ route }) => new ServiceStoppingError(`the call of "${route}" was given up`));
    const opening = await this.#opening?.catch(() => undefined);
    await Promise.all([this.#shared?.close(), opening?.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** No longer than the caller of this very code waits. */
  #timeoutFor(route: string, asked = this.#options.timeoutMs): number {
    const scope = currentScope();
    if (scope) scope.calls += 1;
    if (scope?.deadline === undefined) return asked;
    const leftMs = scope.deadline - Date.now();
    if (leftMs <= 0) throw new RpcTimeoutError(route, 0);
    return Math.min(asked, leftMs);
  }

  /** Never rejects: what goes wrong settles the call. `ended`: it is settled, whatever is still under way. */
  async #run(call: Call, ended: AbortSignal): Promise<void> {
    try {
      while (!ended.aborted) {
        const outcome = await this.#attempt(call, ended);
        if (!outcome) return;
        if (outcome.error?.code !== BUSY) return this.#settle(call, outcome);
        await sleep(BUSY_WAIT_MS, undefined, { signal: ended }).catch(() => {});
      }
    } catch (error) {
      this.#pending.fail(call.id, error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  /** Undefined where the call has ended meanwhile. */
  async #attempt(call: Call, ended: AbortSignal): Promise<Outcome | undefined> {
    const socket = await this.#socket();
    try {
      if (ended.aborted) return undefined;
      call.socket = socket;
      const { id, route: name } = call;
      const { args, kwargs = {} } = call.given;
      const timeoutMs = Math.max(1, Math.ceil(call.expiresAt - performance.now()));
      return await orEnded(socket.exchange({ id, name, args, kwargs, timeoutMs }), ended);
    } finally {
      if (!socket.hasIds || this.#isClosed) void socket.close();
      delete call.socket;
    }
  }

  #settle({ id, route }: Call, outcome: Outcome): void {
    if (!outcome.error) this.#pending.resolve(id, outcome.value);
    else if (outcome.error.code !== UNKNOWN_TARGET) this.#pending.fail(id, new RemoteError(route, outcome.error));
    else
      this.#pending.fail(id, new NoRouteError(route, this.#targets.size > 0 ? [...this.#targets.keys()] : undefined));
  }

  /** The one of all calls, or one for this call alone. Until it is known which, others wait for the first one. */
  async #socket(): Promise<ClientSocket> {
    for (;;) {
      if (this.#shared?.isOpen) return this.#shared;
      if (this.#isOneByOne) return this.#keep(await this.#open());
      if (!this.#opening) break;
      await this.#opening;
    }
    this.#opening = this.#open().finally(() => {
      this.#opening = undefined;
    });
    const opening = this.#opening.then((socket) => this.#keep(socket));
    return opening;
  }

  #keep(socket: ClientSocket): ClientSocket {
    this.#isOneByOne = !socket.hasIds;
    if (!socket.hasIds) return socket;
    if (!this.#shared?.isOpen) this.#shared = socket;
    else if (this.#shared !== socket) void socket.close(); // opened when there were none for all
    return this.#shared;
  }

  async #open(): Promise<ClientSocket> {
    const { ClientSocket } = await loadSocket();
    return ClientSocket.open(this.#options);
  }
}

/** Nothing is left waiting for the answer of a call that has ended. */
function orEnded<T>(work: Promise<T>, ended: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onEnded = () => resolve(undefined);
    ended.addEventListener('abort', onEnded, { once: true });
    work.then(resolve, reject).finally(() => ended.removeEventListener('abort', onEnded));
  });
}

async function loadSocket() {
  try {
    return await import('./client-socket.js');
  } catch (error) {
    const message = `webSocketClient needs the package ws: npm install ws (${messageOf(error)})`;
    throw new BgTasksError('MISSING_PEER', message, {}, { cause: error });
  }
}

function checkOwnOptions(route: string, options: WebSocketCallOptions): void {
  const problem = problemWithAll(options, ['timeoutMs', 'signal'], () => undefined);
  if (problem) throw new BgTasksError('USAGE', `Calling "${route}": ${problem}.`, { route });
  checkCallOptions(route, options);
}

const COUNTS: readonly string[] = ['timeoutMs', 'maxBodyBytes', 'maxInFlight', 'pingIntervalMs'];
/** A Node timer takes no more. */
const MAX = 2 ** 31 - 1;

function checkOptions(host: string, port: number, options: WebSocketClientOptions): void {
  const refuse = (problem: string) => new BgTasksError('USAGE', `webSocketClient(): ${problem}.`);
  if (typeof host !== 'string' || host === '')
    throw refuse(`the host must be a name or an address, not ${preview(host)}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw refuse(`the port must be a whole number from 1 to 65535, not ${preview(port)}`);
  }
  const problem = problemWithAll(options, [...COUNTS, 'path', 'secure', 'headers'], (name, value) => {
    if (name === 'path') return typeof value === 'string' && value.startsWith('/') ? undefined : 'must start with "/"';
    if (name === 'secure') return typeof value === 'boolean' ? undefined : 'must be true or false';
    if (name === 'headers') return typeof value === 'object' && value !== null ? undefined : 'must be an object';
    const isCount = Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX;
    return isCount ? undefined : `must be a whole number from 1 to ${MAX}, not ${preview(value)}`;
  });
  if (problem) throw refuse(problem);
}
