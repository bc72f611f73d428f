/** The tools, for the default service. */
import { service } from '../service/default-service.js';
import { type TestTools, testing } from './tools.js';

const tools = testing(service);

/** Answers calls to a route from now on: a value, a handler, `failWith(error)` or `timeOut()`. */
export const stub: TestTools['stub'] = tools.stub;
/** Calls made so far, oldest first, with their bodies as the task saw them. */
export const calls: TestTools['calls'] = tools.calls;
/** Jobs enqueued so far, oldest first, with their bodies as the task sees them. */
export const enqueued: TestTools['enqueued'] = tools.enqueued;
/** Events emitted so far, oldest first, with their bodies as listeners see them. */
export const emitted: TestTools['emitted'] = tools.emitted;
/** Jobs wait from now on, until `runJobs()` or `reset()`. */
export const holdJobs: TestTools['holdJobs'] = tools.holdJobs;
/** Runs what is held, and resolves once all that is due has ended: what those jobs and events led to as well. */
export const runJobs: TestTools['runJobs'] = tools.runJobs;
/** Lets delays of jobs and of retries pass, and runs what they end in. */
export const advance: TestTools['advance'] = tools.advance;
/** Forgets stubs, recorded calls, jobs and events, and drops what is held or delayed. */
export const reset: TestTools['reset'] = tools.reset;
