/**
 * Jobs and events become messages: encode -> publish -> confirmed; with a `manager`: encode -> stored in its transaction.
 *
 * Errors: options that cannot be are `USAGE`, before any I/O; `NO_ROUTE` where the queue of a job has never been declared;
 *         `PUBLISH_FAILED` where the broker did not confirm.
 */
import { randomUUID } from 'node:crypto';
import type { Declaration, IncomingMessage } from '../broker/broker.js';
import type { Caller } from '../caller.js';
import { BgTasksError, preview, ServiceStoppingError } from '../errors.js';
import { during, type Observer, type PublishFacts } from '../observer.js';
import { PROTOCOLS } from '../protocols/index.js';
import { encodeCancel } from '../protocols/job-command.js';
import type { OutgoingWork, ProtocolName, WorkProtocol } from '../protocols/protocol.js';
import { signed } from '../protocols/signature.js';
import { currentScope } from '../scope.js';
import type { EmitOptions } from '../tasks/event.js';
import type { EnqueueOptions, Job, TrackedJob } from '../tasks/job.js';
import { MAX_DELAY_MS } from '../topology/delay.js';
import { CANCEL_EXCHANGE } from '../topology/job-control.js';
import { highQueueOf } from '../topology/work-queue.js';
import { JobReplies, type JobRepliesOptions } from './job-replies.js';
import type { Outbox } from './outbox.js';
import { sendWork, type WorkMessage } from './send-work.js';

/** A property of AMQP holds 255 bytes; what follows from an id needs room beside it. */
const MAX_ID_BYTES = 200;

export interface WorkClientOptions extends JobRepliesOptions {
  /** For what is sent with a `manager`. */
  readonly outbox: Outbox | undefined;
  readonly observer?: Observer | undefined;
  readonly callerSecret: string | undefined;
  /** Told of whatever the broker has taken. */
  readonly onSent?: (sent: SentWork) => void;
}

/** What a test may look at. */
export interface SentWork {
  readonly kind: 'job' | 'event';
  /** The route of the job, or the name of the event. */
  readonly name: string;
  readonly id: string;
  readonly message: IncomingMessage;
  readonly runAt: Date;
}

/** Where a job goes. */
export interface JobTarget {
  readonly route: string;
  readonly queue: string;
  readonly work: WorkProtocol;
  /** Of its queue, where this process knows the task, or its protocol says where tasks of others are. */
  readonly declarations: readonly Declaration[];
  readonly maxPriority: number | undefined;
  /** Undefined where this process does not know the task. */
  readonly priorities: boolean | undefined;
}

export class WorkClient {
  readonly #options: WorkClientOptions;
  readonly #replies: JobReplies;
  #isClosed = false;

  constructor(options: WorkClientOptions) {
    this.#options = options;
    this.#replies = new JobReplies(options);
  }

  async enqueue(target: JobTarget, body: unknown, options: EnqueueOptions = {}): Promise<Job | TrackedJob> {
    const { route, work } = target;
    if (this.#isClosed) throw new ServiceStoppingError(`the job "${route}" was not enqueued`);
    checkEnqueueOptions(target, options);
    const { messageId = randomUUID(), priority } = options;
    const queue = priority === 'high' ? highQueueOf(target.queue) : target.queue;
    const address = addressOf(work, route, queue);
    const facts = { kind: 'job', route, ...address, messageId } as const;
    return this.#observed(facts, (caller) => this.#enqueue(target, queue, body, { ...options, messageId }, caller));
  }

  async #enqueue(
    target: JobTarget,
    queue: string,
    body: unknown,
    options: EnqueueOptions & { readonly messageId: string },
    caller: Caller,
  ): Promise<Job | TrackedJob> {
    const { route, work } = target;
    const { messageId, priority, expiresMs } = options;
    const deadline = expiresMs === undefined ? undefined : Date.now() + expiresMs;
    const delayMs = delayOf(options);
    const notBefore = work.carriesStart && delayMs > 0 ? Date.now() + delayMs : undefined;
    const planned = { route, body, messageId, caller, deadline, notBefore };
    const outgoing = { ...planned, ...(typeof priority === 'number' && { priority }) };
    const encode = (replyTo?: string) => this.#encode(work, { ...outgoing, replyTo });
    const send = (message: IncomingMessage) => this.#sendJob(target, queue, message, options);
    const job = { id: messageId, route, cancel: () => this.cancel(route, messageId) };
    if (!options.result) {
      await send(encode());
      return job;
    }
    encode(); // what cannot be written opens nothing
    const message = encode(await this.#replies.open());
    const followed = this.#replies.follow(messageId, route);
    await send(message).catch((error) => {
      this.#replies.forget(messageId);
      throw error;
    });
    return {
      ...job,
      result: (resultOptions) => followed.result(resultOptions),
      onProgress: (listener) => followed.onProgress(listener),
    };
  }

  /** Resolves once the broker has the command for every service that serves the route. */
  async cancel(route: string, id: string): Promise<void> {
    if (this.#isClosed) throw new ServiceStoppingError(`the job "${id}" of "${route}" was not cancelled`);
    checkId(route, id);
    const message = encodeCancel({ route, id, at: Date.now() });
    const declarations = [{ exchange: CANCEL_EXCHANGE }];
    await this.#options.broker.publish(
      { ...message, exchange: CANCEL_EXCHANGE.name, routingKey: route },
      { declarations },
    );
  }

  async emit(serviceName: string, event: string, body: unknown, options: EmitOptions = {}): Promise<void> {
    const { messageId = randomUUID(), protocol = 'json', manager } = options;
    if (this.#isClosed) throw new ServiceStoppingError(`the event "${event}" was not emitted`);
    checkId(event, messageId);
    const work = workOf(event, protocol);
    const exchange = work.exchangeOf(serviceName);
    const facts = { kind: 'event', route: event, exchange: exchange.name, routingKey: event, messageId } as const;
    await this.#observed(facts, async (caller) => {
      const encoded = this.#encode(work, { route: event, body, messageId, caller });
      const message = { ...encoded, exchange: exchange.name, routingKey: event };
      await this.#send({ message, declarations: [{ exchange }], mandatory: false }, manager, 0);
      this.#options.onSent?.({ kind: 'event', name: event, id: messageId, message: encoded, runAt: new Date() });
    });
  }

  /** `work` gets the caller that travels with the message. */
  #observed<T>(facts: Omit<PublishFacts, 'caller'>, work: (caller: Caller) => Promise<T>): Promise<T> {
    const { observer } = this.#options;
    const caller = currentScope()?.caller ?? {};
    if (!observer) return work(caller);
    const activity = observer.publish({ ...facts, caller });
    return during(activity, () => work(activity.caller));
  }

  #encode(work: WorkProtocol, outgoing: OutgoingWork): IncomingMessage {
    const { maxBodyBytes, json, callerSecret } = this.#options;
    return signed(work.encode(outgoing, maxBodyBytes, json), callerSecret);
  }

  close(): void {
    this.#isClosed = true;
    this.#replies.close();
  }

  async #sendJob(target: JobTarget, queue: string, encoded: IncomingMessage, options: EnqueueOptions): Promise<void> {
    const { route, declarations, work } = target;
    const delayMs = delayOf(options);
    const message = { ...encoded, ...addressOf(work, route, queue) };
    await this.#send({ message, declarations, mandatory: true }, options.manager, work.carriesStart ? 0 : delayMs);
    const { messageId: id = '' } = encoded.properties;
    this.#options.onSent?.({ kind: 'job', name: route, id, message: encoded, runAt: new Date(Date.now() + delayMs) });
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

/** Where a job of the protocol is published. */
function addressOf({ jobExchange }: WorkProtocol, route: string, queue: string) {
  return jobExchange ? { exchange: jobExchange.name, routingKey: route } : { exchange: '', routingKey: queue };
}

function workOf(event: string, protocol: ProtocolName): WorkProtocol & Required<Pick<WorkProtocol, 'exchangeOf'>> {
  const { work } = Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : {};
  if (work?.exchangeOf) return { ...work, exchangeOf: work.exchangeOf };
  throw new BgTasksError('USAGE', `Emitting "${event}": the protocol ${preview(protocol)} has no events.`, { event });
}

function delayOf({ delayMs, runAt }: EnqueueOptions): number {
  return delayMs ?? (runAt === undefined ? 0 : Math.max(0, runAt.getTime() - Date.now()));
}

const OPTIONS: readonly string[] = [
  'delayMs',
  'runAt',
  'priority',
  'messageId',
  'expiresMs',
  'result',
  'manager',
  'protocol',
  'queue',
];

function checkEnqueueOptions(target: JobTarget, options: EnqueueOptions): void {
  const { route } = target;
  const refuse = (problem: string) => new BgTasksError('USAGE', `Enqueuing "${route}": ${problem}`, { route });
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw refuse(`unknown option "${unknown}". Options are: ${OPTIONS.join(', ')}.`);
  const { delayMs, runAt, messageId, expiresMs, result } = options;
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
  if (result !== undefined && typeof result !== 'boolean') {
    throw refuse(`"result" must be true or false, not ${preview(result)}.`);
  }
  const problem = priorityProblem(target, options.priority) ?? protocolProblem(target, options);
  if (problem) throw refuse(problem);
  if (messageId !== undefined) checkId(route, messageId);
}

/** `normal` and `high` also for a task that this process does not know: without a queue for them, the broker says so. */
function priorityProblem({ maxPriority, priorities }: JobTarget, priority: unknown): string | undefined {
  if (priority === undefined) return undefined;
  if (priority === 'normal' || priority === 'high') {
    return priorities === false
      ? `"priority: ${priority}" needs the option "priorities: true" of its task.`
      : undefined;
  }
  if (typeof priority !== 'number') return `"priority" must be "normal", "high" or a number, not ${preview(priority)}.`;
  if (maxPriority === undefined) {
    return 'a number as "priority" needs the options "queueType: classic" and "maxPriority" of its task, registered here too.';
  }
  const isInRange = Number.isInteger(priority) && priority >= 0 && priority <= maxPriority;
  return isInRange
    ? undefined
    : `"priority" must be a whole number from 0 to ${maxPriority}, not ${preview(priority)}.`;
}

/** What only some protocols have. */
function protocolProblem({ work }: JobTarget, { queue, result, ...options }: EnqueueOptions): string | undefined {
  if (queue !== undefined && (typeof queue !== 'string' || queue === '')) {
    return `"queue" must be the name of a queue, not ${preview(queue)}.`;
  }
  const isShared = work.sharedQueue !== undefined;
  if (queue !== undefined && !isShared) return '"queue" is for protocols whose tasks share one: celery, klue.';
  if (result && isShared) return '"result" is not for this protocol: make a call of it where the answer is needed.';
  if (work.jobExchange && delayOf(options) > 0) return 'this protocol has no delays: its exchange delivers at once.';
  return undefined;
}

function checkId(route: string, messageId: unknown): void {
  if (typeof messageId === 'string' && messageId !== '' && Buffer.byteLength(messageId) <= MAX_ID_BYTES) return;
  const message = `"messageId" of "${route}" must be a text of 1 to ${MAX_ID_BYTES} bytes, not ${preview(messageId)}.`;
  throw new BgTasksError('USAGE', message, { route });
}
