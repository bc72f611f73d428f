/** On whose behalf code runs. It travels with every message, so a task sees what the first caller's endpoint saw. */
import { currentScope, runIn } from './scope.js';

/** What travels with a message on behalf of the first caller. Add members by module augmentation of 'bgtasks'. */
export interface Caller {
  /** The URL of the request that started it all. */
  url?: string;
  /** W3C trace context, as a header of its own where the message has headers. */
  traceparent?: string;
  /** Of the tracing systems on the way; only beside `traceparent`. */
  tracestate?: string;
}

const NOBODY: Caller = Object.freeze({});

/** The caller on whose behalf this code runs; an empty object outside of any. */
export function currentCaller(): Caller {
  return currentScope()?.caller ?? NOBODY;
}

/** Runs `run` on behalf of `caller`: tasks called from within see it as `currentCaller()`. */
export function runAs<T>(caller: Caller, run: () => T): T {
  const scope = currentScope();
  const { service, deadline, signal, degraded, task } = scope ?? {};
  return runIn({ service, caller, deadline, signal, degraded, calls: 0, ...(task && { task }) }, run);
}
