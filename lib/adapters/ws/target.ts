/**
 * The targets of a server as properties of a client: `await client.sum(1, 2)`, `client.sum.info`.
 *
 * Shape:  every name that is not the client's own is a target. `then` is not, or `await` would take the client for a
 *         promise; `target('then')` is the way to names like it.
 * Errors: `BAD_REPLY` where a list of targets is not one.
 */
import { BadReplyError } from '../../errors.js';
import type { TargetInfo } from '../../tasks/websocket.js';

/** A call that is under way. */
export interface PendingAnswer<A = unknown> {
  /** The answer, or the error of the call; the same every time. */
  result(): Promise<A>;
}

/** One target of a server. */
// biome-ignore lint/suspicious/noExplicitAny: of a server that nothing is known of, arguments and answer may be anything
export interface WebSocketTarget<P extends readonly unknown[] = any[], A = any> {
  (...args: P): Promise<A>;
  /** Sends the call and returns at once. */
  callAsync(...args: P): PendingAnswer<A>;
  /** Target, arguments, keyword arguments and docstring, once `listTargets()` has brought them. */
  readonly info: string;
}

/** More would not be a list of functions. */
const MAX_TARGETS = 10_000;

export interface TargetParts {
  call(name: string, args: readonly unknown[]): Promise<unknown>;
  infoOf(name: string): TargetInfo | undefined;
}

export function targetOf(name: string, { call, infoOf }: TargetParts): WebSocketTarget {
  const target = (...args: readonly unknown[]) => call(name, args);
  const callAsync = (...args: readonly unknown[]): PendingAnswer => {
    const answer = call(name, args);
    answer.catch(() => {}); // whoever asks for the result learns of it
    return { result: () => answer };
  };
  Object.defineProperty(target, 'name', { value: name });
  return Object.defineProperties(target, {
    callAsync: { value: callAsync },
    info: { get: () => infoText(name, infoOf(name)) },
  }) as WebSocketTarget;
}

/** `client` with a property for every other name. */
export function withTargets<C extends object>(client: C, target: (name: string) => WebSocketTarget): C {
  return new Proxy(client, {
    get(own, name) {
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON' || name in own) {
        const value: unknown = Reflect.get(own, name, own);
        return typeof value === 'function' && name !== 'constructor' ? value.bind(own) : value;
      }
      return target(name);
    },
  });
}

export function readTargets(value: unknown, route: string): readonly TargetInfo[] {
  if (!Array.isArray(value) || value.length > MAX_TARGETS) throw new BadReplyError(route, 'it is no list of targets.');
  return value.map((item: unknown) => {
    const { target, args, kwargs, docstring } = (item ?? {}) as Partial<Record<keyof TargetInfo, unknown>>;
    if (typeof target !== 'string') throw new BadReplyError(route, 'a target has no name.');
    return {
      target,
      args: texts(args),
      kwargs: texts(kwargs),
      docstring: typeof docstring === 'string' ? docstring : null,
    };
  });
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function infoText(name: string, info: TargetInfo | undefined): string {
  if (!info) return `target: ${name}\nNothing is known of it: call listTargets() first.`;
  const { args, kwargs, docstring } = info;
  const list = (names: readonly string[]) => names.join(', ') || 'none';
  return [
    `target: ${name}`,
    `arguments: ${list(args)}`,
    `keyword arguments: ${list(kwargs)}`,
    `docstring: ${docstring ?? 'none'}`,
  ].join('\n');
}
