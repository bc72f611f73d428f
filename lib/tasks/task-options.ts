/**
 * What is given to `rpcTask`, `jobTask` and the others beside the name: checked where it is given, so that a mistake is
 * found there.
 *
 * Errors: `INVALID_TASK`, naming the route, the option and what is allowed.
 */
import { type Deps, isDependency } from '../dependencies/dependency.js';
import { BgTasksError, preview } from '../errors.js';
import { PROTOCOLS } from '../protocols/index.js';
import type { BodySchema } from '../schema.js';
import { backoffProblem } from './backoff.js';
import type { EventOptions } from './event.js';
import type { JobOptions, RateLimitOptions } from './job.js';
import { isPoolKind, POOL_KINDS } from './pool.js';
import type { CatchUp } from './schedule.js';
import type { Handler, TaskKind } from './task.js';

/** The options of any kind: which ones a kind has is in `OPTIONS`. */
export type AnyTaskOptions = EventOptions<BodySchema | undefined, Deps> &
  JobOptions<BodySchema | undefined, Deps> & { catchUp?: CatchUp };

/** `(options?, handler?)`: what is given must be one of the two, in this order. */
export function splitArguments(
  kind: string,
  route: string,
  rest: readonly unknown[],
): [AnyTaskOptions | undefined, Handler<unknown, unknown> | undefined] {
  const given = [...rest];
  const options = typeof given[0] === 'object' && given[0] !== null ? (given.shift() as AnyTaskOptions) : undefined;
  if (options === undefined && given[0] === undefined && given.length > 1) given.shift();
  const handler = typeof given[0] === 'function' ? (given.shift() as Handler<unknown, unknown>) : undefined;
  if (given.length === 0 || (rest.length === 1 && rest[0] === undefined)) return [options, handler];
  const message = `${kind}("${route}") takes options and a handler (a function), not ${preview(given[0])}.`;
  throw new BgTasksError('INVALID_TASK', message, { route });
}

const RUN = ['deps', 'description', 'pool', 'concurrency', 'timeoutMs', 'middleware'];
const COMMON = ['body', 'protocol', 'queue', 'params', ...RUN];
const RETRY = ['attempts', 'backoff', 'retryOn', 'onFailed'];
const WORK = [...COMMON, ...RETRY, 'queueType', 'maxPriority', 'rateLimit', 'dedupe'];
const OPTIONS: Readonly<Record<TaskKind, readonly string[]>> = {
  rpc: COMMON,
  job: [...WORK, 'priorities'],
  event: [...WORK, 'name', 'filter', 'broadcast'],
  schedule: [...RUN, ...RETRY, 'catchUp'],
  websocket: ['params', 'body', ...RUN],
};
/** A Node timer takes no more; beyond it fires at once. */
const MAX_MS = 2 ** 31 - 1;
const CATCH_UP: readonly unknown[] = [undefined, 'skip', 'once', 'all'];

/** From 0 in AMQP; RabbitMQ keeps a queue per priority, and recommends at most 10. */
const MAX_PRIORITY = 255;

/** Room for `.high` in the name of a queue that takes delays. */
const MAX_PRIORITIES_BYTES = 194;
/** The time of every start within `perMs` is kept. */
const MAX_RATE = 100_000;
/** A delivery may wait for so long, and no longer than RabbitMQ lets a worker keep one (30 minutes). */
export const MAX_RATE_PER_MS = 600_000;

export function checkTaskOptions(kind: TaskKind, route: string, options: AnyTaskOptions): void {
  const problem =
    unknownOption(kind, options) ??
    problemOf(options) ??
    paramsProblem(options) ??
    depsProblem(options) ??
    workProblem(route, options) ??
    protocolProblem(kind, options);
  if (problem) throw new BgTasksError('INVALID_TASK', `Task "${route}": ${problem}`, { route });
}

/** Without the broker there is nothing to retry from, and nothing remembers what was fired. */
export function refuseForPerProcess(route: string, options: AnyTaskOptions): void {
  const name = Object.keys(options).find((each) => !RUN.includes(each));
  if (name === undefined) return;
  const message = `Task "${route}": the option "${name}" does not go with "perProcess". Options are: ${RUN.join(', ')}.`;
  throw new BgTasksError('INVALID_TASK', message, { route });
}

function unknownOption(kind: TaskKind, options: AnyTaskOptions): string | undefined {
  const name = Object.keys(options).find((each) => !OPTIONS[kind].includes(each));
  return name && `unknown option "${name}". Options are: ${OPTIONS[kind].join(', ')}.`;
}

function problemOf(options: AnyTaskOptions): string | undefined {
  for (const name of ['concurrency', 'timeoutMs', 'attempts', 'maxPriority'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      return `"${name}" must be a whole number from 1, not ${preview(value)}.`;
    }
  }
  if (options.timeoutMs !== undefined && options.timeoutMs > MAX_MS) {
    return `"timeoutMs" must be at most ${MAX_MS} (24 days), not ${preview(options.timeoutMs)}.`;
  }
  const {
    body,
    middleware,
    retryOn,
    onFailed,
    backoff,
    queueType = 'quorum',
    maxPriority,
    name,
    filter,
    queue,
    pool,
  } = options;
  if (pool !== undefined && !isPoolKind(pool)) {
    return `"pool" must be one of ${POOL_KINDS.join(', ')}, not ${preview(pool)}.`;
  }
  const isSchema = typeof body === 'function' || (typeof body === 'object' && body !== null && '~standard' in body);
  if (body !== undefined && !isSchema) return `"body" must be a schema or a class, not ${preview(body)}.`;
  if (middleware !== undefined && !isFunctionList(middleware)) {
    return `"middleware" must be a list of functions, not ${preview(middleware)}.`;
  }
  if (retryOn !== undefined && typeof retryOn !== 'function' && !isFunctionList(retryOn)) {
    return `"retryOn" must be a list of error classes or a function, not ${preview(retryOn)}.`;
  }
  if (onFailed !== undefined && (onFailed as { kind?: unknown } | null)?.kind !== 'job') {
    return `"onFailed" must be a job: what jobTask(...) gave. It is ${preview(onFailed)}.`;
  }
  if (queueType !== 'quorum' && queueType !== 'classic') {
    return `"queueType" must be "quorum" or "classic", not ${preview(queueType)}.`;
  }
  if (maxPriority !== undefined && (queueType !== 'classic' || maxPriority > MAX_PRIORITY)) {
    return `"maxPriority" needs queueType "classic", and is at most ${MAX_PRIORITY}.`;
  }
  // With dots, as micro_framework names the listener on a method: `Class.method`.
  if (name !== undefined && !/^(?=.{1,100}$)[\w-]+(\.[\w-]+)*$/.test(String(name))) {
    return `"name" must consist of letters, digits, "_" and "-", with dots between them, not ${preview(name)}.`;
  }
  if (queue !== undefined && (typeof queue !== 'string' || queue === '')) {
    return `"queue" must be the name of a queue, not ${preview(queue)}.`;
  }
  if (!CATCH_UP.includes(options.catchUp)) {
    return `"catchUp" must be "skip", "once" or "all", not ${preview(options.catchUp)}.`;
  }
  if (filter !== undefined && typeof filter !== 'function') return `"filter" must be a function.`;
  return backoff === undefined ? undefined : backoffProblem(backoff);
}

function depsProblem({ deps = {} }: AnyTaskOptions): string | undefined {
  if (typeof deps !== 'object' || deps === null || Array.isArray(deps)) {
    return `"deps" must be dependencies by name, such as { db }, not ${preview(deps)}.`;
  }
  const [name, value] = Object.entries(deps).find(([, each]) => !isDependency(each)) ?? [];
  return name && `"deps.${name}" must be what dependency(...) gave, not ${preview(value)}.`;
}

/** What only jobs and events have. */
function workProblem(
  route: string,
  { priorities, maxPriority, dedupe, rateLimit }: AnyTaskOptions,
): string | undefined {
  for (const [name, value] of Object.entries({ priorities, dedupe })) {
    if (value !== undefined && typeof value !== 'boolean')
      return `"${name}" must be true or false, not ${preview(value)}.`;
  }
  if (priorities && maxPriority !== undefined) return 'give either "priorities" or "maxPriority".';
  if (priorities && Buffer.byteLength(route) > MAX_PRIORITIES_BYTES) {
    return `with "priorities" a route must not be longer than ${MAX_PRIORITIES_BYTES} bytes.`;
  }
  return rateLimit === undefined ? undefined : rateLimitProblem(rateLimit);
}

function rateLimitProblem(rateLimit: unknown): string | undefined {
  const { max, perMs } = (rateLimit ?? {}) as Partial<RateLimitOptions>;
  if (!Number.isInteger(max) || (max as number) < 1 || (max as number) > MAX_RATE) {
    return `"rateLimit.max" must be a whole number from 1 to ${MAX_RATE}, not ${preview(max)}.`;
  }
  if (!(typeof perMs === 'number' && perMs >= 1 && perMs <= MAX_RATE_PER_MS)) {
    return `"rateLimit.perMs" must be milliseconds from 1 to ${MAX_RATE_PER_MS}, not ${preview(perMs)}.`;
  }
  return undefined;
}

/** A last `?` marks one that may be left out. */
function paramsProblem({ params, body }: AnyTaskOptions): string | undefined {
  if (params === undefined) return undefined;
  const isName = (param: unknown) => typeof param === 'string' && /^[\p{L}_$][\p{L}\p{N}_$]*\??$/u.test(param);
  if (!Array.isArray(params) || !params.every(isName)) {
    return `"params" must be a list of names such as ["a", "b", "scale?"], not ${preview(params)}.`;
  }
  const names = params.map((param: string) => param.replace(/\?$/, ''));
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) return `"params" names "${twice}" twice.`;
  return body !== undefined && names.length === 0 ? '"body" checks arguments by name: it needs "params".' : undefined;
}

/** What a queue of its own is needed for. */
const OWN_QUEUE = ['queueType', 'maxPriority', 'priorities', 'rateLimit'] as const;

function protocolProblem(kind: TaskKind, options: AnyTaskOptions): string | undefined {
  const { protocol = 'json' } = options;
  const known = Object.keys(PROTOCOLS).join(', ');
  if (!Object.hasOwn(PROTOCOLS, protocol)) return `unknown protocol ${preview(protocol)}. Protocols are: ${known}.`;
  const { isPositional, isJobsOnly, work } = PROTOCOLS[protocol];
  const { body, queue, params } = options;
  if (params !== undefined && kind !== 'websocket' && !isPositional) {
    return `"params" is for protocols that send arguments by name; "${protocol}" has one body.`;
  }
  if (kind === 'websocket' || kind === 'schedule') return undefined;
  if (kind !== 'event' && isPositional && body !== undefined) {
    return `"body" is not for the protocol "${protocol}", whose handlers take arguments by position.`;
  }
  if (kind === 'rpc')
    return isJobsOnly ? `the protocol "${protocol}" has jobs only: use jobTask or asyncTask.` : undefined;
  if (!work) return `the protocol "${protocol}" has no jobs and events.`;
  if (kind !== 'job') return work.exchangeOf ? undefined : `the protocol "${protocol}" has no events.`;
  const isShared = work.sharedQueue !== undefined;
  if (queue !== undefined && !isShared) return `"queue" is not for the protocol "${protocol}".`;
  const own = isShared && OWN_QUEUE.find((name) => options[name] !== undefined);
  if (own) return `"${own}" is not for the protocol "${protocol}", whose tasks share a queue.`;
  return work.jobExchange && options.priorities
    ? `"priorities" is not for the protocol "${protocol}": its jobs come through an exchange.`
    : undefined;
}

function isFunctionList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'function');
}
