/**
 * Tasks that answer their caller: the types of registering and of the handle.
 *
 * Shape:  `rpcTask(route, options?)(handler)`; the handler may also come last, or the whole stand on a class method.
 */
import type { Deps, Injected, NoDeps } from '../dependencies/dependency.js';
import type { Fail } from '../envelope.js';
import type { Json } from '../json.js';
import type { BodyErrors, BodyOfSchema, BodySchema, InputOfSchema } from '../schema.js';
import type { Arguments } from './arguments.js';
import type { BodyArgs, CallOptions } from './remotes.js';
import type { Handler, RpcOptions, Task, TaskContext } from './task.js';

/** A registered rpc task: `await getUser.call(7)`. */
// biome-ignore lint/suspicious/noExplicitAny: the defaults stand for a task of any body and answer
export interface RpcTask<R extends string = string, B = any, A = any> extends Task<R> {
  readonly kind: 'rpc';
  // biome-ignore lint/suspicious/noExplicitAny: a handle says nothing of what its handler depends on
  readonly handler: (body: B, context: TaskContext<any>) => unknown;
  /** Calls the task wherever it is served, through the broker. Rejects with one typed error when no answer can come. */
  call(...args: BodyArgs<B, CallOptions>): Promise<A>;
}

/** An answer is what JSON leaves of it; with a body schema it may also be the errors of the body. */
type Answer<S, A> = Json<Awaited<A>> | (S extends undefined ? never : Fail<BodyErrors>);
type Wire<S, B> = S extends undefined ? B : InputOfSchema<S>;
type Checked<S, B> = S extends undefined ? B : BodyOfSchema<S>;

/** A legacy decorator (`experimentalDecorators`). `this` of the method is one instance per service, made by `new Class()`. */
export type Decorate<S, D = NoDeps> = (
  target: object,
  key: string | symbol,
  descriptor: {
    // biome-ignore lint/suspicious/noExplicitAny: without a schema the method says itself what it takes
    value?: (body: S extends undefined ? any : BodyOfSchema<S>, context: TaskContext<Injected<D>>) => unknown;
  },
) => void;

export interface RegisterRpc<R extends string, S, D = NoDeps> extends Decorate<S, D> {
  <A, B = unknown>(handler: Handler<Checked<S, B>, A, Injected<D>>): RpcTask<R, Wire<S, B>, Answer<S, A>>;
}

/** Of the protocols whose callers send arguments by position or by name. */
export interface PositionalOptions extends Omit<RpcOptions, 'body'> {
  protocol: 'celery' | 'micro-framework';
}

export interface RpcTaskFn {
  /** Handlers get the arguments alone; `currentTask()` is the context. */
  <const R extends string>(
    route: R,
    options: PositionalOptions,
  ): <P extends readonly unknown[], A>(handler: (...args: P) => A) => RpcTask<R, Arguments<P>, Answer<undefined, A>>;
  <const R extends string, A, B = unknown>(route: R, handler: Handler<B, A>): RpcTask<R, B, Answer<undefined, A>>;
  <const R extends string, A, S extends BodySchema | undefined = undefined, D extends Deps = NoDeps, B = unknown>(
    route: R,
    options: RpcOptions<S, D>,
    handler: Handler<Checked<S, B>, A, Injected<D>>,
  ): RpcTask<R, Wire<S, B>, Answer<S, A>>;
  <const R extends string, S extends BodySchema | undefined = undefined, D extends Deps = NoDeps>(
    route: R,
    options?: RpcOptions<S, D>,
  ): RegisterRpc<R, S, D>;
}
