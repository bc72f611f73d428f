/** Checks of what is given to a remote field, or to a class of them. */
import { preview } from '../lib/errors.js';
import { problemWithAll, problemWithOption } from '../lib/remote/settings.js';
import { usage } from './field.js';
import type { CacheOptions } from './remote-types.js';

/** Policies as they may be given to a field or a class; a wrong one would otherwise show only when a service fails. */
export function checkPolicies(
  what: string,
  options: { onMissing?: unknown; onError?: unknown; timeoutMs?: unknown; maxBatch?: unknown },
): void {
  for (const [name, value] of Object.entries(options)) {
    const problem = value === undefined ? undefined : problemWithOption(name, value);
    if (problem) throw usage(`${what}: "${name}" ${problem}.`);
  }
}

export function checkCache(cache: unknown): void {
  const problem = problemWithAll(cache, ['ttlMs', 'max', 'scope'], (name, value) => {
    if (name !== 'scope') return problemWithOption(name, value);
    return typeof value === 'function' ? undefined : `must be a function of the caller, not ${preview(value)}`;
  });
  if (problem) throw usage(`RemoteField: "cache" ${problem.startsWith('"') ? 'is wrong: ' : ''}${problem}.`);
  if ((cache as { ttlMs?: unknown }).ttlMs === undefined) {
    throw usage('RemoteField: "cache" needs "ttlMs": for how long may an object be shown again?');
  }
}

const scopes = new WeakMap<object, number>();
let lastScope = 0;

/** Equal for options that may share a cache: functions are told apart by identity. */
export function cacheId({ ttlMs, max, scope }: CacheOptions): readonly unknown[] {
  if (scope && !scopes.has(scope)) scopes.set(scope, ++lastScope);
  return [ttlMs, max ?? null, scope ? (scopes.get(scope) ?? null) : null];
}
