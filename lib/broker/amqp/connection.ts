/**
 * One connection to RabbitMQ: opened on first need, and again by itself after a loss.
 *
 * Shape:  several URLs are tried in turn, beginning with the one that worked last. A connection that was there comes back
 *         by itself; `reopened()` waits for that.
 * Why not amqplib's own recovery: it restores no channel and no consumer, and takes one URL.
 * Errors: `CONNECTION_FAILED`, with what to do. No message holds the password of a URL.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import { ConnectionFailedError, messageOf } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { TlsOptions } from '../broker.js';
import { destroySocket, gatherWrites } from './gather-writes.js';
import { withinTime } from './within-time.js';

const CONNECT_TIMEOUT_MS = 10_000;
const HEARTBEAT_SECONDS = 30;
/** The longest pause is short: within 2 s of the broker's return a worker should serve again, which takes up to half a second. */
const RECONNECT = { baseMs: 100, maxMs: 1500 };

export class AmqpConnection {
  readonly #urls: readonly URL[];
  readonly #tls: TlsOptions;
  readonly #log: Logger;
  readonly #name: string;
  readonly #closing = new AbortController();
  #nextUrl = 0;
  #model: ChannelModel | undefined;
  #opening: Promise<ChannelModel> | undefined;
  #reopening: Promise<void> | undefined;
  #wasLost = false;
  /** False until the first success: then the address itself may be wrong. */
  wasOpen = false;
  /** How often it came back after a loss. */
  reconnects = 0;
  readonly #onUnblocked = new Set<() => void>();
  blockedBy: string | undefined;
  /** Why it closed: known before its channels close, whose own event says nothing. */
  failure: Error | undefined;

  constructor(urls: readonly string[], name: string, log: Logger, tls: TlsOptions = {}) {
    this.#urls = urls.map((url) => withHeartbeat(new URL(url)));
    this.#tls = tls;
    setMaxListeners(0, this.#closing.signal); // one for each pause: any number of channels may wait at once
    this.#name = name;
    this.#log = log;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  get isOpen(): boolean {
    return this.#model !== undefined;
  }

  get current(): ChannelModel | undefined {
    return this.#model;
  }

  open(): Promise<ChannelModel> {
    if (this.isClosed) return Promise.reject(closed());
    this.#opening ??= this.#openAny().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Resolves once there is a connection again, or none is wanted any more. */
  reopened(): Promise<void> {
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  /** A pause that grows with `attempt`; ends early when the connection is closed for good. */
  async pause(attempt: number): Promise<void> {
    // Full jitter: with equal delays, every worker would come back in the same instant after a restart of the broker.
    const delayMs = Math.random() * Math.min(RECONNECT.maxMs, RECONNECT.baseMs * 2 ** attempt);
    await sleep(delayMs, undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  /** Gives a function that ends the listening. */
  onUnblocked(listener: () => void): () => void {
    this.#onUnblocked.add(listener);
    return () => this.#onUnblocked.delete(listener);
  }

  /** Nothing can be opened any more; what is open is closed by `close`. */
  refuse(): void {
    this.#closing.abort();
  }

  async close(): Promise<void> {
    this.refuse();
    const model = this.#model;
    this.#model = undefined;
    if (!model) return; // one that is still being opened is closed by `#openOne`
    await withinTime(model.close().catch(() => {}));
    destroySocket(model); // of a broker that does not answer; it would keep the process from ending
  }

  async #reopen(): Promise<void> {
    for (let attempt = 0; !this.isClosed && !this.isOpen; attempt += 1) {
      await this.pause(attempt);
      if (this.isClosed) return;
      await this.open().catch((error) => {
        this.#log.debug({ connection: this.#name, reason: messageOf(error) }, 'no connection to the broker yet');
      });
    }
  }

  async #openAny(): Promise<ChannelModel> {
    const failures: Failure[] = [];
    for (let tried = 0; tried < this.#urls.length && !this.isClosed; tried += 1) {
      const url = this.#urls[this.#nextUrl] as URL;
      try {
        return await this.#openOne(url);
      } catch (error) {
        failures.push({ url, error: error as Error });
        this.#nextUrl = (this.#nextUrl + 1) % this.#urls.length;
      }
    }
    throw this.isClosed ? closed() : unreachable(failures);
  }

  async #openOne(url: URL): Promise<ChannelModel> {
    const model = await connect(url.href, {
      ...this.#tls,
      noDelay: true, // without it a sequential acked call takes 40 ms
      keepAlive: true,
      keepAliveDelay: 30_000,
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: this.#name },
    });
    model.on('error', (error) => {
      this.failure = error; // the same error comes with `close`; here it must only not be fatal to the process
    });
    model.on('handler-error', (error) => this.#log.error({ err: error }, 'a listener of the broker threw'));
    model.on('blocked', (reason) => this.#block(url, reason));
    model.on('unblocked', () => this.#unblock(url));
    model.on('close', (error) => {
      if (this.#model === model) this.#lose(url, error ?? this.failure);
    });
    if (this.isClosed) {
      await withinTime(model.close().catch(() => {}));
      destroySocket(model);
      throw closed();
    }
    gatherWrites(model);
    this.#model = model;
    this.wasOpen = true;
    this.failure = undefined;
    if (this.#wasLost) {
      this.#wasLost = false;
      this.reconnects += 1;
      this.#log.info({ connection: this.#name, broker: url.host }, 'connection to the broker restored');
    }
    return model;
  }

  #lose(url: URL, cause: Error | undefined): void {
    this.#model = undefined;
    this.#opening = undefined;
    this.blockedBy = undefined;
    this.#wasLost = true;
    const facts = { connection: this.#name, broker: url.host, cause: cause && messageOf(cause) };
    this.#log.warn(facts, 'connection to the broker lost');
    // Also where only calls were made: health checks ask for the connection, and nobody calls what looks unwell.
    void this.reopened();
  }

  #block(url: URL, reason: string): void {
    this.blockedBy = reason;
    this.#log.warn(
      { connection: this.#name, broker: url.host, reason },
      'the broker takes no messages: an alarm is set',
    );
  }

  #unblock(url: URL): void {
    this.blockedBy = undefined;
    this.#log.info({ connection: this.#name, broker: url.host }, 'the broker takes messages again');
    for (const listener of [...this.#onUnblocked]) listener();
  }
}

function withHeartbeat(url: URL): URL {
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return url;
}

interface Failure {
  readonly url: URL;
  readonly error: Error;
}

function closed(): ConnectionFailedError {
  return new ConnectionFailedError('The broker was closed.', {});
}

/** Names every address that was tried, and no password. */
function unreachable(failures: readonly Failure[]): ConnectionFailedError {
  const hint = failures.map(({ error }) => hintOf(error)).find((found) => found !== undefined) ?? WHERE_IS_IT;
  const tried = failures.map(({ url, error }) => `${url.host}: ${reasonOf(error)}`);
  const facts = {
    host: failures.map(({ url }) => url.host).join(', '),
    vhost: decodeURIComponent(failures[0]?.url.pathname.slice(1) ?? '') || '/',
  };
  const cause = failures.at(-1)?.error;
  return new ConnectionFailedError(`Cannot reach RabbitMQ at ${tried.join('; ')}. ${hint}`, facts, { cause });
}

const WHERE_IS_IT = 'Is RabbitMQ running there? Set BGTASKS_URL, or `url` in configure().';

function hintOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (/ACCESS[-_]REFUSED|403|ConnectionOpenOk/i.test(error.message)) return 'Check user name, password and vhost.';
  if (/CERT|SSL|TLS|SIGNATURE|EPROTO/.test(String(code))) return 'Check `tls` in configure(), and the certificates.';
  return undefined;
}

/** Where both address families of a host are refused, Node's error has a code and no message. */
function reasonOf(error: Error): string {
  return messageOf(error) || String((error as NodeJS.ErrnoException).code ?? error.name);
}
