/** What serializers need of a service. */

import { RemoteFields } from '../lib/remote/remote-fields.js';
import { type RemoteFieldsSettings, resolveRemoteFields } from '../lib/remote/settings.js';
import { serviceInUse } from '../lib/service/default-service.js';
import type { Service } from '../lib/service/service.js';
import type { DataSourceLike } from '../lib/settings/options.js';

/** Any `Service`, and in tests any object that calls. */
export interface ServiceLike {
  call(route: string, body: unknown, options?: { timeoutMs?: number }): Promise<unknown>;
  readonly settings?: {
    readonly dataSource?: DataSourceLike | undefined;
    readonly logger?: { warn(facts: object, message?: string): void; debug?(facts: object, message?: string): void };
    readonly rpcTimeoutMs?: number;
    readonly remoteFields?: RemoteFieldsSettings;
  };
  /** Caches, circuits and counts; an object that only calls gets them of its own. */
  readonly remoteFields?: RemoteFields;
}

/** The one given, else that of the handler or view that is running, else the default one. */
export function serviceOf(explicit?: ServiceLike): ServiceLike {
  return explicit ?? (serviceInUse() satisfies Service as ServiceLike);
}

const others = new WeakMap<ServiceLike, RemoteFields>();

/** What a service keeps for its remote fields. */
export function remoteFieldsOf(service: ServiceLike): RemoteFields {
  if (service.remoteFields) return service.remoteFields;
  let own = others.get(service);
  if (!own) {
    const settings = service.settings?.remoteFields ?? resolveRemoteFields();
    own = new RemoteFields(() => settings);
    others.set(service, own);
  }
  return own;
}
