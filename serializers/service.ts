/** What serializers need of a service. */
import { serviceInUse } from '../lib/default-service.js';
import type { Service } from '../lib/service.js';
import type { DataSourceLike } from '../lib/settings.js';

/** Any `Service`, and in tests any object that calls. */
export interface ServiceLike {
  call(route: string, body: unknown, options?: { timeoutMs?: number }): Promise<unknown>;
  readonly settings?: {
    readonly dataSource?: DataSourceLike | undefined;
    readonly logger?: { warn(facts: object, message?: string): void };
  };
}

/** The one given, else that of the handler or view that is running, else the default one. */
export function serviceOf(explicit?: ServiceLike): ServiceLike {
  return explicit ?? (serviceInUse() satisfies Service as ServiceLike);
}
