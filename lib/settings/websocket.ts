/**
 * Where WebSocket tasks are served, to whom, and how much of anybody: the setting `websocket`.
 *
 * Units:  `...Ms` is milliseconds, `...Bytes` bytes.
 * Errors: `websocketProblem` gives a text that ends a sentence.
 */
import type { Caller } from '../caller.js';
import { preview } from '../errors.js';
import { problemWithAll } from '../remote/settings.js';

/** What is known of a client before it is let in. */
export interface WebSocketRequest {
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string | undefined;
}

/** False refuses with 401, and so does what it throws; an object is the `currentCaller()` of every call of this client. */
export type Authenticate = (request: WebSocketRequest) => boolean | Caller | Promise<boolean | Caller>;

export interface WebSocketOptions {
  /** Default: `127.0.0.1`, this machine alone. */
  host?: string;
  /** Default: 8765; 0 is any that is free. */
  port?: number;
  /** Who may come in. Default: everybody who can reach the port. */
  authenticate?: Authenticate;
  /** Web pages that may connect, such as `https://shop.example`. Default: none; other programs send no origin. */
  origins?: readonly string[];
  /** The largest message of a client. Default: 1 MiB. */
  maxBodyBytes?: number;
  /** Of one client; then it is not read until the second is over. Default: 10,000. */
  maxMessagesPerSecond?: number;
  /** Clients at once; more are refused with 503. Default: 1,000. */
  maxSockets?: number;
  /** Calls of one client at once; more are answered that the server is busy. Default: 100. */
  maxInFlight?: number;
  /** Answers that a client has not read; beyond, its socket is ended. Default: 16 MiB. */
  maxBufferedBytes?: number;
  /** A client that does not answer a ping by the next one is gone. Default: 30,000. */
  pingIntervalMs?: number;
}

export interface WebSocketSettings extends Required<Omit<WebSocketOptions, 'authenticate'>> {
  readonly authenticate: Authenticate | undefined;
}

const MIB = 1024 * 1024;
const DEFAULTS = {
  host: '127.0.0.1',
  port: 8765,
  authenticate: undefined,
  origins: [],
  maxBodyBytes: MIB,
  maxMessagesPerSecond: 10_000,
  maxSockets: 1000,
  maxInFlight: 100,
  maxBufferedBytes: 16 * MIB,
  pingIntervalMs: 30_000,
} as const;

const MAX_PORT = 65_535;
/** A Node timer takes no more. */
const MAX_MS = 2 ** 31 - 1;

export function resolveWebSocket(options: WebSocketOptions = {}): WebSocketSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...DEFAULTS, ...Object.fromEntries(given) });
}

/** What is wrong with the setting; undefined where nothing is. */
export function websocketProblem(options: unknown): string | undefined {
  return problemWithAll(options, Object.keys(DEFAULTS), (name, value) => {
    if (name === 'host') return typeof value === 'string' && value !== '' ? undefined : `must be a text`;
    if (name === 'authenticate') return typeof value === 'function' ? undefined : 'must be a function';
    if (name === 'origins') return originsProblem(value);
    const least = name === 'port' ? 0 : 1;
    const most = name === 'port' ? MAX_PORT : name.endsWith('Ms') ? MAX_MS : Number.MAX_SAFE_INTEGER;
    const isAllowed = Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
    return isAllowed ? undefined : `must be a whole number from ${least} to ${most}, not ${preview(value)}`;
  });
}

/** As browsers send them: no path, no slash at the end. */
function originsProblem(value: unknown): string | undefined {
  const isOrigin = (item: unknown) => typeof item === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/]+$/.test(item);
  if (Array.isArray(value) && value.every(isOrigin)) return undefined;
  return `must be a list of origins such as "https://shop.example", not ${preview(value)}`;
}
