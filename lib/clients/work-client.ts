/**
 * Jobs and events become messages: encode -> publish -> confirmed; with a `manager`: encode -> stored in its transaction.
 *
 * Errors: options that cannot be are `USAGE`, before any I/O; `NO_ROUTE` where the queue of a job has never been declared;
 *         `PUBLISH_FAILED` where the broker did not confirm.
 */
import type { Declaration, IncomingMessage } from '../broker/broker.js';
import type { Caller } from '../caller.js';
import { BgTasksError, preview, ServiceStoppingError } from '../errors.js';
import { during, type Observer } from '../monitoring/observer.js';
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
import { uniqueId } from './unique-id.js';

/** A property of AMQP holds 255 bytes; what follows from an id needs room beside it. */
const MAX_ID_BYTES = 200;

export interface WorkClientOptions extends JobRepliesOptions {
  /** For what is sent with a `manager`. */
  readonly outbox: Outbox | undefined;
  readonly observer?: Observer | undefined;
  readonly callerSecret: string | undefined;
  readonly targetOf: (route: string, options: EnqueueOptions | undefined) => JobTarget;
  /** Told of whatever the broker has taken. */
  readonly sentListeners: readonly ((sent: SentWork) => void)[];
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

interface PlannedJob {
  readonly target: JobTarget;
  readonly body: unknown;
  readonly options: EnqueueOptions;
  readonly messageId: string;
}

const NOBODY: Caller = Object.freeze({});

export class WorkClient {
  readonly #options: WorkClientOptions;
  readonly #replies: JobReplies;
  #isClosed = false;

  constructor(options: WorkClientOptions) {
    this.#options = options;
    this.#replies = new JobReplies(options);
  }

  /** Throws at once what is wrong with the options. */
  enqueue(route: string, body: unknown, options?: EnqueueOptions): Promise<Job | TrackedJob> {
    if (this.#isClosed) throw new ServiceStoppingError(`the job "${route}" was not enqueued`);
    const target = this.#options.targetOf(route, options);
    if (options) checkEnqueueOptions(target, options);
    const planned: PlannedJob = { target, body, options: options ?? {}, messageId: options?.messageId ?? uniqueId() };
    const { observer } = this.#options;
    const caller = currentScope()?.caller ?? NOBODY;
    if (!observer) return this.#enqueue(planned, caller);
    const { messageId } = planned;
    const activity = observer.publish({ kind: 'job', route, ...addressOf(planned), messageId, caller });
    return during(activity, () => this.#enqueue(planned, activity.caller));
  }

  #enqueue(planned: PlannedJob, caller: Caller): Promise<Job | TrackedJob> {
    return planned.options.result ? this.#enqueueFollowed(planned, caller) : this.#sendJob(planned, caller);
  }

  async #enqueueFollowed(planned: PlannedJob, caller: Caller): Promise<TrackedJob> {
    const { messageId, target } = planned;
    this.#encodeJob(planned, caller, undefined); // what cannot be written opens nothing
    const replyTo = await this.#replies.open();
    const { job: followed, forget } = this.#replies.follow(messageId, target.route);
    try {
      const job = await this.#sendJob(planned, caller, replyTo);
      const result: TrackedJob['result'] = (options) => followed.result(options);
      return { ...job, result, onProgress: (listener) => followed.onProgress(listener) };
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** Without an async function: what that keeps until the confirm was a third of what publishing costs. */
  #sendJob(planned: PlannedJob, caller: Caller, replyTo?: string): Promise<Job> {
    const { target, messageId: id, options } = planned;
    const { route, work, declarations } = target;
    const { body, properties } = this.#encodeJob(planned, caller, replyTo);
    const { exchange, routingKey } = addressOf(planned);
    const message = { exchange, routingKey, body, properties };
    const delayMs = delayOf(options);
    const waitMs = work.carriesStart ? 0 : delayMs;
    const sent = this.#send({ message, declarations, mandatory: true }, options.manager, waitMs);
    return sent.then(() => {
      this.#tell('job', route, id, message, delayMs);
      return { id, route, cancel: () => this.cancel(route, id) };
    });
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
    const { messageId = uniqueId(), protocol = 'json', manager } = options;
    if (this.#isClosed) throw new ServiceStoppingError(`the event "${event}" was not emitted`);
    checkId(event, messageId);
    const work = workOf(event, protocol);
    const exchange = work.exchangeOf(serviceName);
    const send = async (caller: Caller) => {
      const encoded = this.#encode(work, { route: event, body, messageId, caller });
      const message = { ...encoded, exchange: exchange.name, routingKey: event };
      await this.#send({ message, declarations: [{ exchange }], mandatory: false }, manager, 0);
      this.#tell('event', event, messageId, encoded, 0);
    };
    const { observer } = this.#options;
    const caller = currentScope()?.caller ?? NOBODY;
    if (!observer) return send(caller);
    const facts = { kind: 'event', route: event, exchange: exchange.name, routingKey: event, messageId } as const;
    const activity = observer.publish({ ...facts, caller });
    return during(activity, () => send(activity.caller));
  }

  #encode(work: WorkProtocol, outgoing: OutgoingWork): IncomingMessage {
    const { maxBodyBytes, json, callerSecret } = this.#options;
    return signed(work.encode(outgoing, maxBodyBytes, json), callerSecret);
  }

  #encodeJob({ target, body, options, messageId }: PlannedJob, caller: Caller, replyTo: string | undefined) {
    const { route, work } = target;
    const { priority, expiresMs } = options;
    const delayMs = delayOf(options);
    return this.#encode(work, {
      route,
      body,
      messageId,
      caller,
      deadline: expiresMs === undefined ? undefined : Date.now() + expiresMs,
      notBefore: work.carriesStart && delayMs > 0 ? Date.now() + delayMs : undefined,
      priority: typeof priority === 'number' ? priority : undefined,
      replyTo,
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#replies.close();
  }

  #tell(kind: SentWork['kind'], name: string, id: string, message: IncomingMessage, delayMs: number): void {
    const { sentListeners } = this.#options;
    if (sentListeners.length === 0) return;
    const runAt = new Date(Date.now() + delayMs);
    for (const listener of sentListeners) listener({ kind, name, id, message, runAt });
  }

  #send(work: WorkMessage, manager: object | undefined, delayMs: number): Promise<void> {
    const { broker, outbox } = this.#options;
    if (manager === undefined) return sendWork(broker, work, delayMs);
    if (!outbox) {
      throw new BgTasksError('USAGE', '"manager" needs the setting "outbox": configure({ dataSource, outbox: true }).');
    }
    return outbox.add(manager, { ...work, dueAt: delayMs > 0 ? Date.now() + delayMs : undefined });
  }
}

/** Where a job is published. */
function addressOf({ target, options }: PlannedJob): { readonly exchange: string; readonly routingKey: string } {
  const { work, route, queue } = target;
  if (work.jobExchange) return { exchange: work.jobExchange.name, routingKey: route };
  return { exchange: '', routingKey: options.priority === 'high' ? highQueueOf(queue) : queue };
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
  if (!(typeof delay === 'number' && delay >= 0 && delay <= MAX_DELAY_MS)) {
    throw refuse(`a delay must be from 0 to ${MAX_DELAY_MS} ms (8.5 years), not ${preview(delayMs ?? runAt)}.`);
  }
  if (expiresMs !== undefined && !(typeof expiresMs === 'number' && expiresMs > 0)) {
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
