/**
 * `rpcTask`, `jobTask`, `onEvent`, `every`, `cron` and `webSocketTask` of a service: what is given becomes a task of its
 * registry, and a handle.
 *
 * Shape:  all take `(name, options?)(handler)`, `(name, options?, handler)`, or stand on a class method.
 */
import { BgTasksError, preview } from '../errors.js';
import { PROTOCOLS } from '../protocols/index.js';
import { positional, readArguments } from '../tasks/arguments.js';
import { callMethod, decorated, type Instances, injectedInto } from '../tasks/decorated.js';
import type { EventOptions, OnEventFn } from '../tasks/event.js';
import type { JobTaskFn } from '../tasks/job.js';
import { callerPlace } from '../tasks/place.js';
import { checkEvent, checkJobRoute, checkRoute, checkTarget } from '../tasks/route.js';
import type { RpcTaskFn } from '../tasks/rpc.js';
import type {
  CronFn,
  CronOptions,
  EveryFn,
  PerProcessOptions,
  ScheduleOptions,
  ScheduleRule,
} from '../tasks/schedule.js';
import { cronRule, intervalRule } from '../tasks/schedule-rule.js';
import type { Handler, TaskDefinition, TaskKind } from '../tasks/task.js';
import { type AnyTaskOptions, checkTaskOptions, refuseForPerProcess, splitArguments } from '../tasks/task-options.js';
import { tickSchema } from '../tasks/tick.js';
import { handlerOfArguments, Parameters, type WebSocketHandler, type WebSocketTaskFn } from '../tasks/websocket.js';

type Outgoing = (route: string, body?: unknown, options?: object) => Promise<unknown>;

export interface RegisterParts {
  add(task: TaskDefinition): void;
  readonly call: Outgoing;
  readonly enqueue: Outgoing;
}

export interface Registering {
  readonly rpcTask: RpcTaskFn;
  readonly jobTask: JobTaskFn;
  readonly onEvent: OnEventFn;
  readonly every: EveryFn;
  readonly cron: CronFn;
  readonly webSocketTask: WebSocketTaskFn;
}

export function registering(parts: RegisterParts): Registering {
  /** Of the classes whose methods are tasks. */
  const instances: Instances = new Map();

  /** A handle, or undefined where a method was decorated. */
  const register = (
    task: Omit<TaskDefinition, 'handler'>,
    args: readonly unknown[],
    verbs: Readonly<Record<string, Outgoing>>,
  ) => {
    const { kind, route, options, event } = task;
    const isMethod = args.length > 1;
    const handler = isMethod ? decorated(args[0] as object, args[1] as PropertyKey, instances) : args[0];
    if (typeof handler !== 'function') {
      throw noHandler(kind, route, handler);
    }
    const description = options.description === undefined ? {} : { description: options.description };
    const known = { ...description, handler: handler as Handler<unknown, unknown> };
    parts.add({
      ...task,
      ...known,
      ...(isPositional(task) && { handler: spreading(task, handler as Positional) }),
      ...(isMethod && { injected: () => injectedInto(args[0] as object, instances) }),
    });
    if (isMethod) return undefined;
    const bound = Object.entries(verbs).map(([name, verb]) => [name, verb.bind(undefined, route)]);
    return { kind, route, ...known, ...(event && { event: event.name }), ...Object.fromEntries(bound) };
  };

  const rpcTask = ((route: string, ...rest: readonly unknown[]) => {
    const place = callerPlace(rpcTask);
    checkRoute(route);
    const [options = {}, handler] = splitArguments('rpcTask', route, rest);
    checkTaskOptions('rpc', route, options);
    const task = { kind: 'rpc', route, options, place } as const;
    const done = (...args: readonly unknown[]) => register(task, args, { call: parts.call });
    return handler ? done(handler) : done;
  }) as RpcTaskFn;

  const jobTask = ((route: string, ...rest: readonly unknown[]) => {
    const place = callerPlace(jobTask);
    checkJobRoute(route);
    const [options = {}, handler] = splitArguments('jobTask', route, rest);
    checkTaskOptions('job', route, options);
    const task = { kind: 'job', route, options, place } as const;
    const done = (...args: readonly unknown[]) => register(task, args, { enqueue: parts.enqueue });
    return handler ? done(handler) : done;
  }) as JobTaskFn;

  const onEvent = ((service: string, name: string, options: EventOptions = {}) => {
    const place = callerPlace(onEvent as (...args: never[]) => unknown);
    checkEvent(service, name);
    const route = `${service}.${name}${options.name ? `__${options.name}` : ''}`;
    checkTaskOptions('event', route, options as AnyTaskOptions);
    const task = { kind: 'event', route, options: options as AnyTaskOptions, event: { service, name }, place } as const;
    return (...args: readonly unknown[]) => register(task, args, {});
  }) as OnEventFn;

  const schedule = (
    route: string,
    rule: ScheduleRule,
    given: ScheduleOptions & { perProcess?: boolean },
    place: string,
  ) => {
    const { perProcess = false, ...options } = given;
    checkTaskOptions('schedule', route, options);
    if (perProcess) refuseForPerProcess(route, options);
    const { catchUp = 'once' } = options;
    const task = {
      kind: 'schedule',
      route,
      options: { ...options, body: tickSchema },
      schedule: { rule, catchUp, perProcess },
      place,
    } as const;
    return (...args: readonly unknown[]) => register(task, args, {});
  };

  const every = ((name: string, interval: string, options: ScheduleOptions | PerProcessOptions = {}) => {
    const place = callerPlace(every as (...args: never[]) => unknown);
    checkJobRoute(name);
    return schedule(name, intervalRule(name, interval), options, place);
  }) as EveryFn;

  const cron = ((name: string, expression: string, { timeZone, ...options }: CronOptions = {}) => {
    const place = callerPlace(cron as (...args: never[]) => unknown);
    checkJobRoute(name);
    if ('perProcess' in options) checkTaskOptions('schedule', name, options); // of `every` alone: an unknown option here
    return schedule(name, cronRule(name, expression, timeZone), options, place);
  }) as CronFn;

  /** `args`: the handler, or what a decorator of a method gets. */
  const registerWebSocket = (task: Omit<TaskDefinition, 'handler'>, args: readonly unknown[]) => {
    const { route, options } = task;
    const isMethod = args.length > 1;
    const [target, key = ''] = args as [object, PropertyKey?];
    const fn = isMethod ? (target as Record<PropertyKey, unknown>)[key] : target;
    if (typeof fn !== 'function') throw noHandler('websocket', route, fn);
    const run = isMethod
      ? (list: unknown[]) => callMethod(target, key, instances, list)
      : (list: unknown[]) => (fn as WebSocketHandler)(...list);
    const parameters = new Parameters(route, options.params, fn.length);
    const description = options.description === undefined ? {} : { description: options.description };
    parts.add({
      ...task,
      ...description,
      ...(isMethod && { injected: () => injectedInto(target, instances) }),
      parameters,
      handler: handlerOfArguments(route, parameters, run),
    });
    return isMethod ? undefined : { kind: task.kind, route, ...description, handler: fn };
  };

  const webSocketTask = ((name: string, ...rest: readonly unknown[]) => {
    const place = callerPlace(webSocketTask as (...args: never[]) => unknown);
    checkTarget(name);
    const [options = {}, handler] = splitArguments('webSocketTask', name, rest);
    checkTaskOptions('websocket', name, options);
    const task = { kind: 'websocket', route: name, options, place } as const;
    const done = (...args: readonly unknown[]) => registerWebSocket(task, args);
    return handler ? done(handler) : done;
  }) as WebSocketTaskFn;

  return { rpcTask, jobTask, onEvent, every, cron, webSocketTask };
}

/** A handler of several arguments. */
export type Positional = (...args: readonly unknown[]) => unknown;

function isPositional({ kind, options: { protocol = 'json' } }: Pick<TaskDefinition, 'kind' | 'options'>): boolean {
  return (kind === 'rpc' || kind === 'job') && PROTOCOLS[protocol].isPositional === true;
}

/** A body `{ args, kwargs }` becomes the arguments of the handler. */
function spreading(
  { route, options }: Omit<TaskDefinition, 'handler'>,
  handler: Positional,
): Handler<unknown, unknown> {
  const { params = [] } = options;
  const names = params.map((param) => param.replace(/\?$/, ''));
  return (body) => handler(...positional(route, names, readArguments(body) ?? { args: [body] }));
}

/** How each kind is registered, for messages. */
const NAMES: Readonly<Record<TaskKind, string>> = {
  rpc: 'rpcTask',
  job: 'jobTask',
  event: 'onEvent',
  schedule: 'every',
  websocket: 'webSocketTask',
};

function noHandler(kind: TaskKind, route: string, handler: unknown): BgTasksError {
  const message = `${NAMES[kind]}("${route}") needs a function as its handler, not ${preview(handler)}.`;
  return new BgTasksError('INVALID_TASK', message, { route });
}
