/**
 * Shared interfaces: an abstract class in a package that both sides import. TypeScript leaves nothing of it at run time, so
 * the contract says once what travels: the name, the methods, and the names of their arguments.
 *
 * Errors: `INVALID_TASK` for names that cannot be. A method that is missing or unknown does not compile.
 */
import { BgTasksError, preview } from '../errors.js';
import type { Json } from '../json.js';
import { checkRoute } from '../tasks/route.js';

/** The names of its methods. */
export type Methods<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T] & string;

export interface MethodOptions {
  /** Names of the arguments, in their order: a peer written with celery-abc is sent them by name. */
  readonly args: readonly string[];
  /** How long a call waits, in milliseconds. Default: that of `remote`, else of the service. */
  readonly timeoutMs?: number;
  /** A call that was in flight when the connection broke may be made again. Default: false. */
  readonly idempotent?: boolean;
}

export interface Contract<T extends object, N extends string = string> {
  readonly name: N;
  readonly type: abstract new (...args: never[]) => T;
  readonly methods: { readonly [K in Methods<T>]: MethodOptions };
}

/** The interface with promises. Overloads and type parameters of a method are lost: the last signature counts. */
export type Remote<T> = {
  readonly [K in Methods<T>]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Json<Awaited<R>>>
    : never;
};

/** What an implementation must have: each method may answer at once or with a promise. */
export type Implementation<T> = {
  [K in Methods<T>]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Awaited<R> | Promise<Awaited<R>>
    : never;
};

/** `contract(Stuff, 'Stuff', { doSomeStuff: ['arg'], doMoreStuff: { args: ['arg'], timeoutMs: 100 } })`. */
export function contract<T extends object, const N extends string>(
  type: abstract new (...args: never[]) => T,
  name: N,
  methods: { readonly [K in Methods<NoInfer<T>>]: readonly string[] | MethodOptions },
): Contract<T, N> {
  checkRoute(name);
  const entries = Object.entries(methods as Record<string, readonly string[] | MethodOptions>);
  const checked = entries.map(([method, options]) => [method, checkedOptions(name, method, options)]);
  return Object.freeze({ name, type, methods: Object.freeze(Object.fromEntries(checked)) }) as Contract<T, N>;
}

/** The route of a method: `Stuff.doSomeStuff`. */
export function routeOf(name: string, method: string): string {
  return `${name}.${method}`;
}

function checkedOptions(name: string, method: string, given: readonly string[] | MethodOptions): MethodOptions {
  const options = Array.isArray(given) ? { args: given } : (given as MethodOptions);
  checkRoute(routeOf(name, method));
  const { args } = options;
  const isNames = Array.isArray(args) && args.every((each) => typeof each === 'string' && each !== '');
  if (isNames && new Set(args).size === args.length)
    return Object.freeze({ ...options, args: Object.freeze([...args]) });
  const message = `The method "${routeOf(name, method)}" needs the names of its arguments, each once, not ${preview(args)}.`;
  throw new BgTasksError('INVALID_TASK', message, { contract: name, method });
}
