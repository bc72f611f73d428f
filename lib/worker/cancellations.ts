/**
 * Which jobs were cancelled: a stream of commands that a worker reads from its beginning before it takes jobs, and follows.
 *
 * Shape:  `serve(route)` before the first job of a route; then `isCancelled` for each that arrives. The signal of one that
 *         runs is aborted.
 * Bounds: the newest `MAX_IDS` commands, of the last seven days. Reading what there is takes `REPLAY_MS` at most.
 * Errors: none. Where the broker has no streams, jobs run and cannot be cancelled; that is logged.
 */
import { randomUUID } from 'node:crypto';
import type { Delivery } from '../broker/broker.js';
import { BgTasksError, messageOf } from '../errors.js';
import { type CancelCommand, decodeCancel } from '../protocols/job-command.js';
import type { WorkInfo } from '../protocols/protocol.js';
import { controlDeclarations, controlQueue, MAX_COMMAND_AGE_MS } from '../topology/job-control.js';
import type { WorkerParts } from './worker.js';

const MAX_IDS = 100_000;
const REPLAY_MS = 10_000;
const PREFETCH = 1000;

export class Cancellations {
  readonly #parts: Pick<WorkerParts, 'broker' | 'settings' | 'running'>;
  readonly #max: number;
  /** When each was cancelled, in the order of the commands. */
  readonly #cancelled = new Map<string, number>();
  #following: Promise<void> | undefined;

  constructor(parts: Pick<WorkerParts, 'broker' | 'settings' | 'running'>, max = MAX_IDS) {
    this.#parts = parts;
    this.#max = max;
  }

  /** Resolves once every command that there is has been read. */
  async serve(route: string): Promise<void> {
    const { broker, settings } = this.#parts;
    try {
      await broker.declare(controlDeclarations(route, settings.serviceName));
      this.#following ??= this.#follow(controlQueue(settings.serviceName).name);
      await this.#following;
    } catch (error) {
      this.#following = undefined; // the next route tries again
      settings.logger.warn({ route, reason: messageOf(error) }, 'jobs cannot be cancelled');
    }
  }

  /** A job that was enqueued again later, under the same id, is another one. */
  isCancelled(route: string, { messageId, sentAt = 0 }: WorkInfo): boolean {
    if (this.#cancelled.size === 0) return false;
    const at = this.#cancelled.get(keyOf(route, messageId));
    return at !== undefined && sentAt <= at && Date.now() - at < MAX_COMMAND_AGE_MS;
  }

  /** Called for every command, old ones too, and for all of them again after a loss. */
  cancel({ route, id, at }: CancelCommand): void {
    const key = keyOf(route, id);
    if (this.#cancelled.get(key) === at) return; // what runs under its id now was enqueued later
    this.#cancelled.delete(key); // to the end
    this.#cancelled.set(key, at);
    if (this.#cancelled.size > this.#max) this.#cancelled.delete(this.#cancelled.keys().next().value as string);
    this.#parts.running.abortJob(route, id, cancelled(route, id));
  }

  async #follow(queue: string): Promise<void> {
    const { broker, settings } = this.#parts;
    // A stream does not say where it ends for now: a mark of our own does.
    const mark = randomUUID();
    let onEnd = () => {};
    const replayed = new Promise<void>((resolve) => {
      onEnd = resolve;
    });
    const onDelivery = (delivery: Delivery) => {
      this.#read(delivery);
      delivery.ack();
      if (delivery.properties.messageId === mark) onEnd();
    };
    const consumer = await broker.consume({
      queue,
      declarations: [{ queue: controlQueue(settings.serviceName) }],
      prefetch: PREFETCH,
      isIntake: true,
      arguments: { 'x-stream-offset': 'first' },
      onDelivery,
    });
    const timer = setTimeout(() => {
      settings.logger.warn({ queue, waitedMs: REPLAY_MS }, 'jobs are taken before every cancellation was read');
      onEnd();
    }, REPLAY_MS);
    const properties = { messageId: mark, type: 'mark', deliveryMode: 2 };
    try {
      await broker.publish({ exchange: '', routingKey: queue, body: Buffer.alloc(0), properties });
      await replayed;
    } catch (error) {
      await consumer.cancel(); // the next route begins anew
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A command that cannot be read is none. */
  #read(delivery: Delivery): void {
    try {
      const command = decodeCancel(delivery);
      if (command) this.cancel(command);
    } catch (error) {
      this.#parts.settings.logger.warn({ reason: messageOf(error) }, 'command could not be read');
    }
  }
}

export function cancelled(route: string, id: string): BgTasksError {
  return new BgTasksError('JOB_CANCELLED', `The job "${id}" of "${route}" was cancelled.`, { route, id });
}

function keyOf(route: string, id: string): string {
  return `${route}\n${id}`;
}
