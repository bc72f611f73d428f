/**
 * The other side of a contract: an object whose methods are calls.
 *
 * Shape:  it has the methods of the contract, and `verify()`. It must not answer `then`: `await` would take it for a promise.
 * Errors: `INVALID_TASK` where a method of the contract has one of these two names.
 */
import { BgTasksError } from '../errors.js';
import { named } from '../tasks/arguments.js';
import type { CallOptions } from '../tasks/remotes.js';
import { type Contract, type MethodOptions, type Remote, routeOf } from './contract.js';
import { LIST_METHODS } from './serve.js';

type Call = (route: string, body: unknown, options: CallOptions) => Promise<unknown>;

const OWN_NAMES: readonly string[] = ['verify', 'then'];

export interface Verifiable {
  /** Asks the other side which methods it serves; rejects with an error that names those it lacks. */
  verify(): Promise<void>;
}

export function remoteContract<T extends object>(
  call: Call,
  contract: Contract<T>,
  options: CallOptions = {},
): Remote<T> & Verifiable {
  const byName = options.protocol === 'celery'; // celery-abc takes nothing by position
  const methods = Object.entries(contract.methods as Record<string, MethodOptions>);
  const taken = methods.find(([method]) => OWN_NAMES.includes(method));
  if (taken) {
    const message = `The contract "${contract.name}" cannot be called: "${taken[0]}" is not free for a method, as remote(...) has verify() and must have no then(). Give the method another name.`;
    throw new BgTasksError('INVALID_TASK', message, { contract: contract.name, method: taken[0] });
  }
  const calls = methods.map(([method, { args: params, timeoutMs, idempotent }]) => {
    const route = routeOf(contract.name, method);
    const own = { ...options, ...(timeoutMs !== undefined && { timeoutMs }), ...(idempotent && { idempotent }) };
    const send = async (...args: unknown[]) =>
      call(route, byName ? { args: [], kwargs: named(route, params, args) } : { args }, own);
    return [method, send];
  });
  const verify = () =>
    verifyMethods(
      call,
      contract.name,
      methods.map(([method]) => method),
      options,
    );
  return Object.freeze({ ...Object.fromEntries(calls), verify }) as Remote<T> & Verifiable;
}

async function verifyMethods(call: Call, name: string, needed: readonly string[], options: CallOptions): Promise<void> {
  const served = await call(routeOf(name, LIST_METHODS), null, options);
  const missing = needed.filter((method) => !(Array.isArray(served) && served.includes(method)));
  if (missing.length === 0) return;
  const message = `The service of the contract "${name}" lacks: ${missing.join(', ')}. Bring both sides to one version.`;
  throw new BgTasksError('CONTRACT_MISMATCH', message, { contract: name, missing });
}
