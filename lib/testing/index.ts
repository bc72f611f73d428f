/** The public surface of 'bgtasks/testing': tools for the tests of an application. Re-exports only. */
export { advance, calls, emitted, enqueued, holdJobs, reset, runJobs, stub } from './default-tools.js';
export type { EmittedEvent, EnqueuedJob, JobTools } from './job-tools.js';
export { failWith, type StubAnswer, type StubFailure, timeOut } from './stub-answer.js';
export { type RecordedCall, type TestTools, testing } from './tools.js';
