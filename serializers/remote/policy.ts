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

export function policyOf({ options }: RemoteSlot, defaults: RemoteDefaults): Policy {
  return {
    onMissing: options.onMissing ?? defaults.onMissing ?? 'null',
    onError: options.onError ?? defaults.onError ?? 'raise',
  };
}
