/**
 * The rows of one group: from the cache where its field has one, together with other responses where the service says so,
 * else by requests of its own.
 *
 * Shape:  what is shared is asked for on behalf of the caller, not of the response that came first: it goes on when that
 *         one is given up. Each response waits as long as it is willing to.
 */

import { callerKey } from '../../lib/remote/caller-key.js';
import type { FetchKeys } from '../../lib/remote/gathering.js';
import type { Keys, Rows } from '../../lib/remote/key-map.js';
import { inTime, patience } from '../../lib/remote/turnstile.js';
import { runShared } from '../../lib/scope.js';
import { remoteFieldsOf, type ServiceLike } from '../service.js';
import { fetchRows } from './fetch.js';
import type { Group } from './plan.js';
import type { CallReport } from './report.js';

const MAX_CACHED = 10_000;
const LISTEN_MS = 250;

/** `timeoutMs` is what the response has left; what is shared gets what its fields say. */
export function loadRows(
  service: ServiceLike,
  { field, keys, wish }: Group,
  timeoutMs: number | undefined,
  calls: CallReport[],
): Promise<Rows> {
  const { settings } = remoteFieldsOf(service);
  const { cache } = field.options;
  const fetch: FetchKeys = (wanted, limits) => fetchRows(service, field, wanted, { ...limits, calls });
  if (!cache && !settings.coalesce) return fetch(keys, { ...wish, timeoutMs });

  const route = remoteFieldsOf(service).route(field.route);
  const name = `${callerKey()} ${field.group}`;
  const together: (wanted: Keys) => Promise<Rows> = settings.coalesce
    ? (wanted) => route.gatherings.join(name, wanted, wish, fetch)
    : (wanted) => fetch(wanted, wish);
  const load = async () => {
    if (!cache) return together(keys);
    const scope = callerKey(cache.scope);
    const isKept = await inShortTime(remoteFieldsOf(service).hears(field.route));
    route.counts.cached += keys.size;
    const fetchMissing = (missing: Keys) => {
      route.counts.cached -= missing.size;
      return together(missing);
    };
    const { ttlMs, max = MAX_CACHED } = cache;
    const patienceMs = wish.timeoutMs ?? service.settings?.rpcTimeoutMs;
    const options = { isKept, ...(patienceMs !== undefined && { patienceMs }) };
    return route.cache(field.group, { ttlMs, max }).load(scope, keys, fetchMissing, options);
  };
  return inTime(runShared(load), patience(field.route, timeoutMs ?? service.settings?.rpcTimeoutMs));
}

/** The first response of a route waits until its changes are heard, but not for long: then nothing of it is kept. */
async function inShortTime(isHeard: boolean | Promise<boolean>): Promise<boolean> {
  if (typeof isHeard === 'boolean') return isHeard;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, LISTEN_MS, false);
  });
  return Promise.race([isHeard, late]).finally(() => clearTimeout(timer));
}
