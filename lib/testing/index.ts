/** The public surface of 'bgtasks/testing': tools for the tests of an application. Re-exports only. */
export { calls, reset, stub } from './default-tools.js';
export { failWith, type StubAnswer, type StubFailure, timeOut } from './stub-answer.js';
export { type RecordedCall, type TestTools, testing } from './tools.js';
