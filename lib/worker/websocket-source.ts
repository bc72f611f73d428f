/**
 * The server of the WebSocket tasks of a service: opened where there are such tasks, also one that is registered later.
 *
 * Shape:  `start`, `drain` (nobody new, what runs is finished), `close`. The package behind it is loaded by `start`.
 */
import { BgTasksError, messageOf } from '../errors.js';
import type { Settings } from '../settings/settings.js';
import type { Registry } from '../tasks/registry.js';
import type { WebSocketWorker } from './websocket-worker.js';

export interface WebSocketAddress {
  readonly host: string;
  readonly port: number;
}

/** The open port. */
export interface Listener {
  readonly address: WebSocketAddress;
  stopListening(): void;
  close(): Promise<void>;
}

export interface WebSocketSourceParts {
  readonly registry: Registry;
  readonly settings: Settings;
  readonly worker: WebSocketWorker;
  /** Imports the optional package; rejects where it is not installed. */
  readonly open: (parts: WebSocketSourceParts) => Promise<Listener>;
}

export class WebSocketSource {
  readonly #parts: WebSocketSourceParts;
  #opening: Promise<Listener> | undefined;
  #listener: Listener | undefined;
  #stopListening: (() => void) | undefined;
  #isDraining = false;

  constructor(parts: WebSocketSourceParts) {
    this.#parts = parts;
  }

  get address(): WebSocketAddress | undefined {
    return this.#listener?.address;
  }

  get running(): number {
    return this.#parts.worker.running;
  }

  async start(): Promise<void> {
    const { registry, worker, settings } = this.#parts;
    this.#stopListening ??= registry.onAdd(({ kind, route }) => {
      if (kind !== 'websocket') return;
      this.#setUpAndOpen().catch((error) => settings.logger.error({ route, err: error }, 'task cannot be served'));
    });
    if (worker.tasks.length > 0) await this.#setUpAndOpen();
  }

  async #setUpAndOpen(): Promise<void> {
    await this.#parts.worker.setUp();
    if (!this.#isDraining) await this.#open();
  }

  /** True where all that ran has ended in time. */
  async drain(drainMs: number): Promise<boolean> {
    this.#isDraining = true;
    this.#stopListening?.();
    const listener = await this.#opening?.catch(() => undefined);
    listener?.stopListening();
    return this.#parts.worker.drain(drainMs);
  }

  async close(): Promise<void> {
    await this.#listener?.close();
    this.#listener = undefined;
  }

  #open(): Promise<Listener> {
    this.#opening ??= this.#parts.open(this.#parts).then(
      (listener) => {
        this.#listener = listener;
        return listener;
      },
      (error) => {
        this.#opening = undefined; // a port may become free
        throw withHint(error);
      },
    );
    return this.#opening;
  }
}

/** What is missing, and how to get it. */
function withHint(error: unknown): unknown {
  if ((error as { code?: unknown } | null)?.code !== 'ERR_MODULE_NOT_FOUND') return error;
  const message = `WebSocket tasks need the package ws: npm install ws (${messageOf(error)})`;
  return new BgTasksError('MISSING_PEER', message, {}, { cause: error });
}
