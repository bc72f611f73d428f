/** Runs as if a handler or view of `service` were running. */
import { runIn } from '../../lib/scope.js';
import type { Service } from '../../lib/service/service.js';
import type { ServiceLike } from '../../serializers/index.js';

export function withService<T>(service: ServiceLike, run: () => T): T {
  return runIn({ service: service as unknown as Service, caller: {}, deadline: undefined, calls: 0 }, run);
}
