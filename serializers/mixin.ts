/**
 * Batching for a serializer class that is not ours, and defaults for the remote fields of one that is.
 *
 * Shape:  `class Base extends RPCSerializerMixin(HandWritten, { onMissing: 'pk' }) {}`. What a hand-written class needs:
 *         `toRepresentation(row)`, which asks its remote fields by `await field.toRepresentation(key)`, and a static
 *         `many(rows)`. Without the mixin each ask is a call; with it, whatever is asked for in one turn of the event
 *         loop goes out in one call per route, so rows should be represented side by side (`Promise.all`): a loop that
 *         awaits one row before it starts the next has asked for nothing that could go together.
 */
import { checkPolicies } from '../fields/remote.js';
import { DEFINITION, REMOTE_DEFAULTS } from './definition.js';
import type { RemoteDefaults } from './remote/policy.js';
import { inBatch } from './remote/waves.js';

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for exactly this of the base of a mixin
type Constructor = abstract new (...args: any[]) => { toRepresentation(...args: never[]): unknown };

/** The same class, whose remote fields go out together and have these defaults. */
export function RPCSerializerMixin<B extends Constructor>(base: B, defaults: RemoteDefaults = {}): B {
  checkPolicies('RPCSerializerMixin', defaults);
  const isOurs = DEFINITION in base;
  return isOurs ? withDefaults(base, defaults) : withBatches(base, defaults);
}

/** Our own serializers batch without help. */
function withDefaults<B extends Constructor>(Base: B, defaults: RemoteDefaults): B {
  abstract class Mixed extends Base {
    static readonly [REMOTE_DEFAULTS] = {
      ...(Base as { [REMOTE_DEFAULTS]?: RemoteDefaults })[REMOTE_DEFAULTS],
      ...defaults,
    };
  }
  return named(Mixed, Base);
}

function withBatches<B extends Constructor>(Base: B, defaults: RemoteDefaults): B {
  abstract class Mixed extends Base {
    override toRepresentation(...args: never[]): unknown {
      return inBatch(defaults, () => super.toRepresentation(...args));
    }
  }
  const { many } = Base as { many?: (...args: unknown[]) => unknown };
  if (many) {
    const batched = function (this: unknown, ...args: unknown[]) {
      return inBatch(defaults, () => inBatchData(many.apply(this, args), defaults));
    };
    Object.defineProperty(Mixed, 'many', { value: batched, writable: true, configurable: true });
  }
  const data = accessorOf(Base.prototype, 'data');
  if (data?.get) Object.defineProperty(Mixed.prototype, 'data', { ...data, get: inOneBatch(data.get, defaults) });
  return named(Mixed, Base);
}

/** A list whose `data` is a getter works when it is read, which is later than `many()` was called. */
function inBatchData(list: unknown, defaults: RemoteDefaults): unknown {
  if (typeof list !== 'object' || list === null) return list;
  const data = accessorOf(list, 'data');
  if (data?.get)
    Object.defineProperty(list, 'data', { ...data, configurable: true, get: inOneBatch(data.get, defaults) });
  return list;
}

function inOneBatch(get: () => unknown, defaults: RemoteDefaults): () => unknown {
  return function (this: unknown) {
    return inBatch(defaults, () => get.call(this));
  };
}

function accessorOf(object: unknown, name: string): PropertyDescriptor | undefined {
  for (let at = object; at !== null && at !== undefined; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found) return found;
  }
  return undefined;
}

function named<B extends Constructor>(mixed: Constructor, base: B): B {
  Object.defineProperty(mixed, 'name', { value: base.name });
  return mixed as unknown as B;
}
