/**
 * Batching for a serializer class that is not ours, and defaults for the remote fields of one that is.
 *
 * Shape:  `class Base extends RPCSerializerMixin(HandWritten, { onMissing: 'pk' }) {}`. What a hand-written class needs:
 *         `toRepresentation(row)`, which asks its remote fields by `await field.toRepresentation(key)`, and a static
 *         `many(rows)`. Without the mixin each ask is a call; with it, whatever is asked for in one turn of the event
 *         loop goes out in one call per route, so rows should be represented side by side (`Promise.all`): a loop that
 *         awaits one row before it starts the next has asked for nothing that could go together. The same holds for
 *         `toInternalValue(data)` and `isValid()`, which read keys by `await field.runValidation(key)`.
 */
import { usage } from '../fields/field.js';
import { checkPolicies } from '../fields/remote-options.js';
import { DEFINITION, type Definition, REMOTE_DEFAULTS } from './definition.js';
import type { RemoteDefaults } from './remote/policy.js';
import { inBatch } from './remote/waves.js';

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for exactly this of the base of a mixin
type Constructor = abstract new (...args: any[]) => { toRepresentation(...args: never[]): unknown };

/** The same class, whose remote fields go out together and have these defaults. */
export function RPCSerializerMixin<B extends Constructor>(base: B, defaults: RemoteDefaults = {}): B {
  refuseUnknown(defaults);
  checkPolicies('RPCSerializerMixin', defaults);
  const isOurs = DEFINITION in base;
  return isOurs ? withDefaults(base, defaults) : withBatches(base, defaults);
}

const NAMES: readonly string[] = [
  'maxBatch',
  'onMissing',
  'onError',
  'timeoutMs',
  'service',
] satisfies (keyof RemoteDefaults)[];

function refuseUnknown(defaults: object): void {
  const unknown = Object.keys(defaults).find((name) => !NAMES.includes(name));
  if (unknown === undefined) return;
  throw usage(`RPCSerializerMixin has no option "${unknown}". Its options are: ${NAMES.join(', ')}.`);
}

/** Our own serializers batch without help. */
function withDefaults<B extends Constructor>(Base: B, defaults: RemoteDefaults): B {
  const { [DEFINITION]: definition } = Base as unknown as { [DEFINITION]: Definition };
  abstract class Mixed extends Base {
    // One of its own: sites are gathered by the places of a definition, and those of the base have other defaults.
    static readonly [DEFINITION] = { ...definition };
    static readonly [REMOTE_DEFAULTS] = {
      ...(Base as { [REMOTE_DEFAULTS]?: RemoteDefaults })[REMOTE_DEFAULTS],
      ...defaults,
    };
  }
  return named(Mixed, Base);
}

/** Where a hand-written class shows rows and reads input. */
const METHODS = ['toRepresentation', 'toInternalValue', 'isValid'] as const;

function withBatches<B extends Constructor>(Base: B, defaults: RemoteDefaults): B {
  abstract class Mixed extends Base {}
  batchMembers(Mixed.prototype, defaults);
  const { many } = Base as { many?: (...args: unknown[]) => unknown };
  const lists = new WeakSet<object>();
  if (many) {
    const batched = function (this: unknown, ...args: unknown[]) {
      return inBatch(defaults, () => {
        const list = many.apply(this, args);
        // A list works when it is read or validated, which is later than `many()` was called.
        if (typeof list !== 'object' || list === null || list instanceof Mixed || lists.has(list)) return list;
        lists.add(list);
        batchMembers(list, defaults);
        return list;
      });
    };
    Object.defineProperty(Mixed, 'many', { value: batched, writable: true, configurable: true });
  }
  return named(Mixed, Base);
}

/** What `target` has of its own or inherits now works in one batch. A `data` that is no getter has been made already. */
function batchMembers(target: object, defaults: RemoteDefaults): void {
  for (const name of METHODS) {
    const method: unknown = (target as Record<string, unknown>)[name];
    if (typeof method !== 'function') continue;
    const value = function (this: unknown, ...args: unknown[]) {
      return inBatch(defaults, () => method.apply(this, args));
    };
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
  }
  const data = accessorOf(target, 'data');
  const get = data?.get;
  if (!get) return;
  const batched = function (this: unknown) {
    return inBatch(defaults, () => get.call(this));
  };
  Object.defineProperty(target, 'data', { ...data, configurable: true, get: batched });
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
