/**
 * Jobs and events become messages: encode -> publish -> confirmed; with a `manager`: encode -> stored in its transaction.
 *
 * Errors: options that cannot be are `USAGE`, before any I/O; `NO_ROUTE` where the queue of a job has never been declared;
 *         `PUBLISH_FAILED` where the broker did not confirm.
 */
import { randomUUID } from 'node:crypto';
import type { Broker, Declaration } from '../broker/broker.js';
import { BgTasksError, preview, ServiceStoppingError } from '../errors.js';
import { PROTOCOLS } from '../protocols/index.js';
import type { ProtocolName, WorkProtocol } from '../protocols/protocol.js';
import { currentScope } from '../scope.js';
import type { EmitOptions } from '../tasks/event.js';
import type { EnqueueOptions, Job } from '../tasks/job.js';
import { MAX_DELAY_MS } from '../topology/delay.js';
import type { Outbox } from './outbox.js';
import { sendWork, type WorkMessage } from './send-work.js';

/** A property of AMQP holds 255 bytes; what follows from an id needs room beside it. */
const MAX_ID_BYTES = 200;

export interface WorkClientOptions {
  readonly broker: Broker;
  readonly maxBodyBytes: number;
  /** For what is sent with a `manager`. */
  readonly outbox: Outbox | undefined;
}

/** Where a job goes. */
export interface JobTarget {
  readonly route: string;
  readonly work: WorkProtocol;
  /** Of its queue, where this process knows the task. */
  readonly declarations: readonly Declaration[];
  readonly maxPriority: number | undefined;
}

export class WorkClient {
  readonly #options: WorkClientOptions;
  #isClosed = false;

  constructor(options: WorkClientOptions) {
    this.#options = options;
  }

  async enqueue(target: JobTarget, body: unknown, options: EnqueueOptions = {}): Promise<Job> {
    const { route, work, declarations } = target;
    if (this.#isClosed) throw new ServiceStoppingError(`the job "${route}" was not enqueued`);
    checkEnqueueOptions(target, options);
    const { messageId = randomUUID(), priority, expiresMs } = options;
    const deadline = expiresMs === undefined ? undefined : Date.now() + expiresMs;
    const job = { body, messageId, caller: currentScope()?.caller ?? {}, deadline, priority };
    const encoded = work.encode(job, this.#options.maxBodyBytes);
    const message = { ...encoded, exchange: '', routingKey: route };
    await this.#send({ message, declarations, mandatory: true }, options.manager, delayOf(options));
    return { id: messageId, route };
  }

  async emit(serviceName: string, event: string, body: unknown, options: EmitOptions = {}): Promise<void> {
    const { messageId = randomUUID(), protocol = 'json', manager } = options;
    if (this.#isClosed) throw new ServiceStoppingError(`the event "${event}" was not emitted`);
    checkId(event, messageId);
    const work = workOf(event, protocol);
    const exchange = work.exchangeOf(serviceName);
    const job = { body, messageId, caller: currentScope()?.caller ?? {} };
    const encoded = work.encode(job, this.#options.maxBodyBytes);
    const message = { ...encoded, exchange: exchange.name, routingKey: event };
    await this.#send({ message, declarations: [{ exchange }], mandatory: false }, manager, 0);
  }

  close(): void {
    this.#isClosed = true;
  }

  async #send(work: WorkMessage, manager: object | undefined, delayMs: number): Promise<void> {
    const { broker, outbox } = this.#options;
    if (manager === undefined) return sendWork(broker, work, delayMs);
    if (!outbox) {
      throw new BgTasksError('USAGE', '"manager" needs the setting "outbox": configure({ dataSource, outbox: true }).');
    }
    await outbox.add(manager, { ...work, dueAt: delayMs > 0 ? Date.now() + delayMs : undefined });
  }
}

function workOf(event: string, protocol: ProtocolName): WorkProtocol {
  const found = Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol].work : undefined;
  if (found) return found;
  throw new BgTasksError('USAGE', `Emitting "${event}": the protocol ${preview(protocol)} has no events.`, { event });
}

function delayOf({ delayMs, runAt }: EnqueueOptions): number {
  return delayMs ?? (runAt === undefined ? 0 : Math.max(0, runAt.getTime() - Date.now()));
}

const OPTIONS: readonly string[] = ['delayMs', 'runAt', 'priority', 'messageId', 'expiresMs', 'manager'];

function checkEnqueueOptions({ route, maxPriority }: JobTarget, options: EnqueueOptions): void {
  const refuse = (problem: string) => new BgTasksError('USAGE', `Enqueuing "${route}": ${problem}`, { route });
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw refuse(`unknown option "${unknown}". Options are: ${OPTIONS.join(', ')}.`);
  const { delayMs, runAt, priority, messageId, expiresMs } = options;
  if (delayMs !== undefined && runAt !== undefined) throw refuse('give either "delayMs" or "runAt".');
  if (runAt !== undefined && !(runAt instanceof Date && !Number.isNaN(runAt.getTime()))) {
    throw refuse(`"runAt" must be a valid Date, not ${preview(runAt)}.`);
  }
  const delay = delayMs === undefined ? delayOf(options) : delayMs;
  if (!(delay >= 0 && delay <= MAX_DELAY_MS)) {
    throw refuse(`a delay must be from 0 to ${MAX_DELAY_MS} ms (8.5 years), not ${preview(delayMs ?? runAt)}.`);
  }
  if (expiresMs !== undefined && !(expiresMs > 0)) {
    throw refuse(`"expiresMs" must be milliseconds above 0, not ${preview(expiresMs)}.`);
  }
  if (priority !== undefined && maxPriority === undefined) {
    throw refuse(
      '"priority" needs the options "queueType: classic" and "maxPriority" of its task, registered here too.',
    );
  }
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= (maxPriority ?? 0))) {
    throw refuse(`"priority" must be a whole number from 0 to ${maxPriority}, not ${preview(priority)}.`);
  }
  if (messageId !== undefined) checkId(route, messageId);
}

function checkId(route: string, messageId: unknown): void {
  if (typeof messageId === 'string' && messageId !== '' && Buffer.byteLength(messageId) <= MAX_ID_BYTES) return;
  const message = `"messageId" of "${route}" must be a text of 1 to ${MAX_ID_BYTES} bytes, not ${preview(messageId)}.`;
  throw new BgTasksError('USAGE', message, { route });
}
