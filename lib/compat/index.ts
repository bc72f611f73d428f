/** 'bgtasks/compat': the names of the Python systems, a file each. Re-exports only. */

export { FAIL, SUCCESS } from '../envelope.js';
export { asyncTask } from '../service/default-service.js';
export { ConnectionParameters, QueueWorker, RPCWorker } from './amqp-worker.js';
export * from './bgtasks.js';
export { type AsyncBackOffOptions, asyncBackOff, type RouteBackOff } from './micro-framework/backoff.js';
export {
  type CallEntrypoint,
  type Entrypoint,
  type EventEntrypoint,
  type EventListenerOptions,
  eventListener,
  rpc,
  type TimeEntrypoint,
  time,
  webSocket,
} from './micro-framework/entrypoints.js';
export { type EventRouteOptions, Route, type RouteOptions } from './micro-framework/route.js';
export { Runner, type RunnerOptions } from './micro-framework/runner.js';
export type { RunnerSettings, WorkerMode } from './micro-framework/settings.js';
export type { TargetClass, TargetPath } from './micro-framework/targets.js';
