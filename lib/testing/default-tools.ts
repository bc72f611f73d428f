/** The tools, for the default service. */
import { service } from '../default-service.js';
import { type TestTools, testing } from './tools.js';

const tools = testing(service);

/** Answers calls to a route from now on: a value, a handler, `failWith(error)` or `timeOut()`. */
export const stub: TestTools['stub'] = tools.stub;
/** Calls made so far, oldest first, with their bodies as the task saw them. */
export const calls: TestTools['calls'] = tools.calls;
/** Forgets stubs and recorded calls. */
export const reset: TestTools['reset'] = tools.reset;
