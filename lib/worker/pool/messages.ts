/**
 * What a pool and its children tell each other: structured clones, so a `Date`, a `Map` and a `Buffer` arrive as such and
 * an instance of a class arrives as a plain object.
 *
 * Shape:  an answer travels as the JSON that it becomes on the wire, so `toJSON` is called where the instance is.
 */
import type { Caller } from '../../caller.js';
import type { Failure } from '../../protocols/failure.js';

/** The first message to a child. */
export interface LoadMessage {
  readonly type: 'load';
  readonly modules: readonly string[];
}

export interface RunContext {
  readonly messageId: string;
  readonly correlationId: string | undefined;
  readonly attempt: number;
  readonly failure: Failure | undefined;
  readonly redelivered: boolean;
  /** Epoch milliseconds. */
  readonly deadline: number | undefined;
  readonly caller: Caller;
}

export interface RunMessage {
  readonly type: 'run';
  readonly id: number;
  readonly route: string;
  /** Tells apart services of one process that have the same route. */
  readonly serviceName: string | undefined;
  /** Where the service of the parent is connected: the command line may say other than the modules. */
  readonly urls: readonly string[];
  readonly body: unknown;
  readonly context: RunContext;
}

export type ToChild =
  | LoadMessage
  | RunMessage
  | { readonly type: 'abort'; readonly id: number; readonly reason: WireError }
  /** Nothing more will come: close what was opened, and end. */
  | { readonly type: 'stop' };

/** An error, as far as it can be told. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Own properties that are texts, numbers or booleans; `code` is one. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Of a `ValidationError`: its tree. */
  readonly errors?: unknown;
  readonly cause?: WireError;
  /** Which of the classes of `retryOn` it is an instance of: an index. */
  readonly retryOn?: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type FromChild =
  | { readonly type: 'ready'; readonly routes: readonly string[] }
  | { readonly type: 'unloadable'; readonly error: WireError }
  /** `json` is undefined where the handler answered undefined. `memoryMb`: what the child takes by now. */
  | { readonly type: 'done'; readonly id: number; readonly json: string | undefined; readonly memoryMb: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError; readonly memoryMb: number }
  | { readonly type: 'progress'; readonly id: number; readonly value: unknown }
  | {
      readonly type: 'log';
      readonly id: number;
      readonly level: LogLevel;
      readonly facts: Readonly<Record<string, unknown>>;
      readonly error?: WireError;
      readonly message: string | undefined;
    };
