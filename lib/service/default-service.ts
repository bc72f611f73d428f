/**
 * The service behind the module-level functions: the only state that this package keeps at module level. It lies under
 * a registered symbol, so that two copies of the package in one process share it.
 */
import { currentScope } from '../scope.js';
import { Service } from './service.js';

const KEY = Symbol.for('bgtasks.default-service');
const holder = globalThis as { [KEY]?: Service };
holder[KEY] ??= new Service();

/** The default service: that of the module-level functions. */
export const service: Service = holder[KEY];

/** Sets options of the default service, before its first use. */
export const configure: Service['configure'] = (options) => service.configure(options);
/** Registers an rpc task: `rpcTask('images.get', options?)(handler)`, `rpcTask(..., handler)`, or on a class method. */
export const rpcTask: Service['rpcTask'] = service.rpcTask;
/** Registers a job: `jobTask('mail.send', options?)(handler)`, `jobTask(..., handler)`, or on a class method. */
export const jobTask: Service['jobTask'] = service.jobTask;
/** Registers a function as a job with its arguments: `asyncTask('mail.send', options?)(async (title, body) => ...)`. */
export const asyncTask: Service['asyncTask'] = service.asyncTask;
/** Registers a listener: `onEvent('users', 'user.created', options?)(handler)`, or on a class method. */
export const onEvent: Service['onEvent'] = service.onEvent;
/** Registers a schedule: `every('clean-up', '10 min', options?)(handler)`, or on a class method. */
export const every: Service['every'] = service.every;
/** Registers a schedule: `cron('report', '0 3 * * *', { timeZone })(handler)`, or on a class method. */
export const cron: Service['cron'] = service.cron;
/** Registers a task that is called over a WebSocket: `webSocketTask('sum', { params: ['a', 'b'] })((a, b) => a + b)`. */
export const webSocketTask: Service['webSocketTask'] = service.webSocketTask;
/** Calls a task by its name or handle. Rejects with one typed error when no answer can come. */
export const call: Service['call'] = service.call;
/** Enqueues a job by its name or handle. Resolves once the broker has it. */
export const enqueue: Service['enqueue'] = service.enqueue;
/** Cancels a job by its id; see `CancelJobFn` for what that promises. */
export const cancelJob: Service['cancelJob'] = service.cancelJob;
/** Tells whoever listens. Resolves once the broker has the event. */
export const emit: Service['emit'] = service.emit;
/** Serves a contract: each method of the implementation becomes the task `<name>.<method>`. */
export const serve: Service['serve'] = service.serve;
/** A typed proxy of the service that serves a contract. */
export const remote: Service['remote'] = service.remote;

/** The service that `explicit` names, else the one whose handler or view is running, else the default one. */
export function serviceInUse(explicit?: Service): Service {
  return explicit ?? (currentScope()?.service as Service | undefined) ?? service;
}
