/**
 * What stands for the server: queues, exchanges, bindings. Brokers with one URL share a hub. It stands for something
 * outside of the service, so it is process-wide; it goes with its last connection.
 */
import { ConnectionFailedError } from '../../errors.js';
import type { BindingSpec, CallListener, ExchangeSpec, OutgoingMessage, QueueSpec } from '../broker.js';
import { MemoryQueue } from './queue.js';
import { MemoryStream } from './stream.js';
import { matchesTopic } from './topic.js';

type AnyQueue = MemoryQueue | MemoryStream;

interface Exchange {
  readonly spec: ExchangeSpec;
  readonly bindings: Map<string, BindingSpec>;
}

const HUBS = Symbol.for('bgtasks.memory-hubs');

/** Under a registered symbol, so that two copies of the package in one process meet. */
function hubs(): Map<string, Hub> {
  const holder = globalThis as { [HUBS]?: Map<string, Hub> };
  holder[HUBS] ??= new Map();
  return holder[HUBS];
}

export class Hub {
  readonly #url: string;
  readonly connections = new Set<object>();
  readonly replyAddresses = new Map<string, CallListener>();
  readonly #queues = new Map<string, AnyQueue>();
  readonly #exchanges = new Map<string, Exchange>();

  /** How far its clock is ahead. */
  #aheadMs = 0;
  /** Where it stands while a test moves it: a message goes through several queues, and must not be late for each. */
  #standsAt: number | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  static at(url: string): Hub {
    const hub = hubs().get(url) ?? new Hub(url);
    hubs().set(url, hub);
    return hub;
  }

  /** Those that a sender may mean; not those that belong to another queue, or to the library. */
  get queueNames(): readonly string[] {
    const isOwn = (name: string) => name.startsWith('bgtasks.') || name.endsWith('.dead') || name.endsWith('.control');
    return [...this.#queues.keys()].filter((name) => !isOwn(name));
  }

  /** Epoch milliseconds; ahead of the process where a test has moved it. */
  get now(): number {
    return this.#standsAt ?? Date.now() + this.#aheadMs;
  }

  /** No consumer has anything to do. */
  get isIdle(): boolean {
    return [...this.#queues.values()].every((queue) => queue.isIdle);
  }

  /** Moves the clock to the next message that expires, or to `until` and gives false; there it stands until `go()`. */
  moveToNext(until: number): boolean {
    const expiries = [...this.#queues.values()].map(({ nextExpiry }) => nextExpiry);
    const next = Math.min(...expiries, Infinity);
    this.#standsAt = Math.max(this.now, Math.min(next, until));
    this.#look();
    return next <= until;
  }

  /** The clock goes on, from where it stands. */
  go(): void {
    if (this.#standsAt !== undefined) this.#aheadMs = Math.max(this.#aheadMs, this.#standsAt - Date.now());
    this.#standsAt = undefined;
    this.#look();
  }

  #look(): void {
    for (const queue of this.#queues.values()) queue.look();
  }

  /** Drops whatever waits. */
  purge(): void {
    for (const queue of this.#queues.values()) queue.purge();
  }

  leave(connection: object): void {
    this.connections.delete(connection);
    if (this.connections.size > 0) return;
    for (const queue of this.#queues.values()) queue.close();
    if (hubs().get(this.#url) === this) hubs().delete(this.#url);
  }

  queue(name: string): AnyQueue {
    const found = this.#queues.get(name);
    if (!found) throw missing('queue', name);
    return found;
  }

  find(name: string): AnyQueue | undefined {
    return this.#queues.get(name);
  }

  declareQueue(spec: QueueSpec): void {
    if (this.#queues.has(spec.name)) return;
    const isStream = spec.arguments['x-queue-type'] === 'stream';
    this.#queues.set(spec.name, isStream ? new MemoryStream(spec) : new MemoryQueue(spec, this));
  }

  declareExchange(spec: ExchangeSpec): void {
    if (!this.#exchanges.has(spec.name)) this.#exchanges.set(spec.name, { spec, bindings: new Map() });
  }

  bind(binding: BindingSpec): void {
    const { from, to } = binding;
    if ('queue' in to) this.queue(to.queue);
    else this.#exchange(to.exchange);
    this.#exchange(from).bindings.set(JSON.stringify(binding), binding);
  }

  deleteQueue(name: string): void {
    this.#queues.get(name)?.close();
    this.#queues.delete(name);
    for (const { bindings } of this.#exchanges.values()) {
      for (const [id, { to }] of bindings) if ('queue' in to && to.queue === name) bindings.delete(id);
    }
  }

  hasExchange(name: string): boolean {
    return name === '' || this.#exchanges.has(name);
  }

  /** False where nothing takes the message. */
  publish(message: OutgoingMessage): boolean {
    const { exchange, routingKey } = message;
    const listener = exchange === '' ? this.replyAddresses.get(routingKey) : undefined;
    if (listener) {
      queueMicrotask(() => listener.onReply(message));
      return true;
    }
    const targets = exchange === '' ? this.#named(routingKey) : this.#routed(message);
    for (const queue of targets) queue.push(message);
    return targets.size > 0;
  }

  #named(queue: string): Set<AnyQueue> {
    const found = this.#queues.get(queue);
    return new Set(found ? [found] : []);
  }

  /** Each queue once, however many bindings match; through the alternate exchange where none does. */
  #routed({ exchange, routingKey }: OutgoingMessage): Set<AnyQueue> {
    const found = new Set<AnyQueue>();
    const seen = new Set<string>();
    const open = [exchange];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const { spec, bindings } = this.#exchange(name);
      const matching = [...bindings.values()].filter((binding) => matches(spec, binding.key, routingKey));
      for (const { to } of matching) {
        if ('queue' in to) found.add(this.queue(to.queue));
        else open.push(to.exchange);
      }
      const alternate = spec.arguments?.['alternate-exchange'];
      if (matching.length === 0 && typeof alternate === 'string' && this.hasExchange(alternate)) open.push(alternate);
    }
    return found;
  }

  #exchange(name: string): Exchange {
    const found = this.#exchanges.get(name);
    if (!found) throw missing('exchange', name);
    return found;
  }
}

function matches({ type }: ExchangeSpec, pattern: string, key: string): boolean {
  if (type === 'fanout') return true;
  return type === 'topic' ? matchesTopic(pattern, key) : pattern === key;
}

/** With the code that RabbitMQ has for it. */
function missing(kind: 'queue' | 'exchange', name: string): ConnectionFailedError {
  const message = `The memory broker has no ${kind} "${name}": declare it first.`;
  return new ConnectionFailedError(message, { what: name, code: 404 });
}
