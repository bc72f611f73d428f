/**
 * What is known while a handler or a view runs: the service it belongs to, the first caller, the deadline.
 *
 * Shape:  one AsyncLocalStorage; `runIn(scope, run)` opens a scope, `currentScope()` reads it anywhere below.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Caller } from './caller.js';

export interface Scope {
  /** Its `Service`; named no closer, as everything below a service would then depend on it. */
  readonly service: object | undefined;
  readonly caller: Caller;
  /** Epoch milliseconds: nobody waits any longer after it. */
  readonly deadline: number | undefined;
  /** The context of the handler that runs; typed where it is read. */
  readonly task?: object | undefined;
  /** Aborted where nobody waits any more. */
  readonly signal?: AbortSignal | undefined;
  /** Routes whose objects a response goes without, with the code of the error; kept where somebody will tell. */
  readonly degraded?: Map<string, string> | undefined;
  /** Calls made from within this scope so far. */
  calls: number;
}

/** Under a registered symbol, so that two copies of the package in one process see the same scope. */
const KEY = Symbol.for('bgtasks.scope');
const holder = globalThis as { [KEY]?: AsyncLocalStorage<Scope> };
holder[KEY] ??= new AsyncLocalStorage();
const storage = holder[KEY];

export function currentScope(): Scope | undefined {
  return storage.getStore();
}

export function runIn<T>(scope: Scope, run: () => T): T {
  return storage.run(scope, run);
}

/**
 * Runs what others will wait for as well: for the same caller, and neither until the deadline nor the signal of the one
 * who happened to ask first. Its calls still count as that one's.
 */
export function runShared<T>(run: () => T): T {
  const scope = currentScope();
  if (!scope) return run();
  const shared: Scope = {
    service: scope.service,
    caller: scope.caller,
    deadline: undefined,
    get calls() {
      return scope.calls;
    },
    set calls(calls) {
      scope.calls = calls;
    },
  };
  return runIn(shared, run);
}
