/**
 * What holds for every remote field below a class unless the field says otherwise.
 *
 * Order:  the field; its class, by `RPCSerializerMixin`; the root of the response; the setting `remoteFields` of the
 *         service; the default.
 */
import type { RemoteSlot } from '../../fields/remote.js';
import type { OnError, OnMissing } from '../../fields/remote-types.js';
import type { RemoteFieldsSettings } from '../../lib/remote/settings.js';
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

export interface Policy {
  readonly onMissing: OnMissing;
  readonly onError: OnError;
}

export function policyOf(
  { options, isMany }: RemoteSlot,
  defaults: RemoteDefaults,
  settings: RemoteFieldsSettings,
): Policy {
  const inherited = defaults.onMissing ?? settings.onMissing;
  return {
    onMissing: options.onMissing ?? (isMany ? inList(inherited) : inherited),
    onError: options.onError ?? defaults.onError ?? settings.onError,
  };
}

/** A list says for itself that it wants nulls; without that it is as long as there are objects. */
function inList(onMissing: OnMissing): OnMissing {
  return onMissing === 'null' ? 'drop' : onMissing;
}
