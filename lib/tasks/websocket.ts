/**
 * Tasks that are called over a WebSocket: the types of registering and of the handle, and how arguments reach a handler.
 *
 * Shape:  `webSocketTask(name, { params })(handler)`. The handler gets its arguments alone, by position, and reads the
 *         context with `currentTask()`. Between the two, and for middleware, the body is `{ args, kwargs }`.
 * Params: one that the handler gives a default may be left out, and so may one that is written with `?`.
 * Errors: `BAD_ARGUMENTS`, naming what is unknown, missing or too much.
 */
import { BgTasksError } from '../errors.js';
import type { BodySchema } from '../schema.js';
import { type Arguments, positional, readArguments } from './arguments.js';
import type { Handler, Task, TaskOptions } from './task.js';

export interface WebSocketTaskOptions extends Omit<TaskOptions<BodySchema | undefined>, 'protocol'> {
  /**
   * The names of the arguments, in their order, for callers that give them by name: `['a', 'b', 'scale?']`. Default: they
   * are taken by position alone, and not counted.
   */
  params?: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: a handler of any arguments; what comes over the wire is for it to check
export type WebSocketHandler = (...args: any[]) => unknown;

/** A registered WebSocket task. Its type says what a typed client sends and gets. */
export interface WebSocketTask<R extends string = string, F extends WebSocketHandler = WebSocketHandler>
  extends Task<R> {
  readonly kind: 'websocket';
  readonly handler: F;
}

/** On a class method (`experimentalDecorators`), or with a function. */
export interface RegisterWebSocket<R extends string> {
  <F extends WebSocketHandler>(handler: F): WebSocketTask<R, F>;
  (target: object, key: string | symbol, descriptor: { value?: WebSocketHandler }): void;
}

export interface WebSocketTaskFn {
  <const R extends string, F extends WebSocketHandler>(name: R, handler: F): WebSocketTask<R, F>;
  <const R extends string, F extends WebSocketHandler>(
    name: R,
    options: WebSocketTaskOptions,
    handler: F,
  ): WebSocketTask<R, F>;
  <const R extends string>(name: R, options?: WebSocketTaskOptions): RegisterWebSocket<R>;
}

/** What `__list_targets__` tells of a task. */
export interface TargetInfo {
  readonly target: string;
  /** Names of the arguments that must be given. */
  readonly args: readonly string[];
  /** Names of those that may be left out. */
  readonly kwargs: readonly string[];
  readonly docstring: string | null;
}

/** The arguments of one task. */
export class Parameters {
  readonly #route: string;
  readonly #isCounted: boolean;
  /** In their order. */
  readonly names: readonly string[];
  readonly required: readonly string[];

  /** `arity` is `length` of the handler: the arguments before the first one with a default. */
  constructor(route: string, params: readonly string[] | undefined, arity: number) {
    this.#route = route;
    this.#isCounted = params !== undefined;
    this.names = (params ?? []).map((param) => param.replace(/\?$/, ''));
    this.required = this.names.filter((name, index) => index < arity && name === params?.[index]);
  }

  get optional(): readonly string[] {
    return this.names.filter((name) => !this.required.includes(name));
  }

  /** Every argument in its place; gaps are undefined, so that defaults apply. */
  inPlace(given: Arguments): unknown[] {
    const list = positional(this.#route, this.names, given);
    if (!this.#isCounted) return list;
    if (list.length > this.names.length) {
      throw this.#bad(`takes at most ${this.names.length} arguments (${this.names.join(', ')}), not ${list.length}.`);
    }
    const missing = this.required.filter((name) => list[this.names.indexOf(name)] === undefined);
    if (missing.length > 0) throw this.#bad(`needs ${missing.map((name) => `"${name}"`).join(', ')} as well.`);
    return list;
  }

  /** For a schema, which knows names alone. */
  byName(given: Arguments): Record<string, unknown> {
    const list = this.inPlace(given);
    return Object.fromEntries(
      this.names.flatMap((name, index) => (list[index] === undefined ? [] : [[name, list[index]] as const])),
    );
  }

  fromNames(value: unknown): Arguments {
    return { args: this.names.map((name) => (value as Record<string, unknown>)[name]) };
  }

  #bad(problem: string): BgTasksError {
    return new BgTasksError('BAD_ARGUMENTS', `"${this.#route}" ${problem}`, { route: this.#route });
  }
}

/** The handler as everything between a message and it knows it: of a body. */
export function handlerOfArguments(
  route: string,
  parameters: Parameters,
  call: (args: unknown[]) => unknown,
): Handler<unknown, unknown> {
  return (body) => {
    const given = readArguments(body);
    if (!given) throw new BgTasksError('BAD_ARGUMENTS', `"${route}" needs { args, kwargs } as its body.`, { route });
    return call(parameters.inPlace(given));
  };
}
