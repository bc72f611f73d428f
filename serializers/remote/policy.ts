/** What holds for every remote field below a class unless the field says otherwise. */
import type { OnError, OnMissing, RemoteSlot } from '../../fields/remote.js';
import type { ServiceLike } from '../service.js';

export interface RemoteDefaults {
  /** The most keys in one request; more go in several, side by side. Default: 1,000. */
  readonly maxBatch?: number;
  /** Default: `null`. */
  readonly onMissing?: OnMissing;
  /** Default: `raise`. */
  readonly onError?: OnError;
  /** Milliseconds. Default: `rpcTimeoutMs` of the service. */
  readonly timeoutMs?: number;
  /** Which service sends. Default: the one whose handler or view is running, else the default one. */
  readonly service?: ServiceLike;
}

export const MAX_BATCH = 1000;

export interface Policy {
  readonly onMissing: OnMissing;
  readonly onError: OnError;
}

export function policyOf({ options, isMany }: RemoteSlot, defaults: RemoteDefaults): Policy {
  return {
    onMissing: options.onMissing ?? (isMany ? inList(defaults.onMissing) : (defaults.onMissing ?? 'null')),
    onError: options.onError ?? defaults.onError ?? 'raise',
  };
}

/** A list says for itself that it wants nulls; without that it is as long as there are objects. */
function inList(onMissing: OnMissing | undefined): OnMissing {
  return onMissing === undefined || onMissing === 'null' ? 'drop' : onMissing;
}

/** Of two timeouts; undefined is the service's own. */
export function longest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : Math.max(one, other);
}
