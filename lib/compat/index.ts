/** 'bgtasks/compat': the names of the Python systems, a file each. Re-exports only. */
export { asyncTask } from '../default-service.js';
export { FAIL, SUCCESS } from '../envelope.js';
export { ConnectionParameters, QueueWorker, RPCWorker } from './amqp-worker.js';
export * from './bgtasks.js';
