/**
 * The small HTTP server for probes and for Prometheus: `/healthz`, `/readyz`, `/metrics`.
 *
 * Shape:  200 or 503 with the facts as JSON. `/healthz` says that the process answers: what is lost comes back by itself,
 *         so a broker that is away is no reason to kill a worker. `/readyz` says that it is connected and consumes.
 * Bounds: short requests of GET and HEAD alone, one at a time per connection.
 * Errors: `INVALID_SETTING` where it cannot listen.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BgTasksError, messageOf } from '../errors.js';
import type { Logger } from '../logger.js';

/** What prom-client has to say. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface MonitorParts {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  readonly log: Logger;
  /** Undefined: metrics are off. */
  readonly metrics: MetricsText | undefined;
  isReady(): boolean;
  /** Facts beside it. */
  health(): object;
}

const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const REQUEST_TIMEOUT_MS = 5000;
const MAX_CONNECTIONS = 100;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export class MonitorServer {
  readonly #parts: MonitorParts;
  readonly #server: Server;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 8192 }, (request, response) => {
      void this.#respond(request, response);
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Undefined unless it listens. */
  get port(): number | undefined {
    return (this.#server.address() as AddressInfo | null)?.port;
  }

  async listen(): Promise<void> {
    if (this.#server.listening) return;
    const { host, port, log } = this.#parts;
    try {
      await once(this.#server.listen(port, host), 'listening');
    } catch (error) {
      const message = `Probes and metrics cannot be served at ${host}:${port} (settings "monitorHost", "monitorPort"): ${messageOf(error)}`;
      throw new BgTasksError('INVALID_SETTING', message, { host, port }, { cause: error });
    }
    this.#server.unref(); // it must not keep a process that has nothing else to do
    log.info({ host, port: this.port }, 'probes and metrics are served');
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body } = await this.#answer(request).catch((error) => {
      this.#parts.log.error({ err: error }, 'metrics could not be collected');
      return text(500, 'Metrics could not be collected: see the log.');
    });
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #answer({ method = '', url = '' }: IncomingMessage): Promise<Answer> {
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'Only GET and HEAD.');
    switch (url.split('?')[0]) {
      case '/healthz':
        return json(200, { status: 'ok', ...this.#parts.health() });
      case '/readyz':
        return this.#ready();
      case '/metrics':
        return this.#metrics();
      default:
        return text(404, 'There are /healthz, /readyz and /metrics.');
    }
  }

  #ready(): Answer {
    const isReady = this.#parts.isReady();
    return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', ...this.#parts.health() });
  }

  async #metrics(): Promise<Answer> {
    const { metrics } = this.#parts;
    if (!metrics) return text(404, 'Metrics are off: configure({ metrics: true }).');
    return { status: 200, type: metrics.contentType, body: await metrics.metrics() };
  }
}

function json(status: number, body: object): Answer {
  return { status, type: JSON_TYPE, body: `${JSON.stringify(body)}\n` };
}

function text(status: number, body: string): Answer {
  return { status, type: TEXT_TYPE, body: `${body}\n` };
}
