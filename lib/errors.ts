/**
 * Every error thrown on purpose, and the stable codes to match on.
 *
 * Two codes may share a class where callers act alike; a class of its own exists where they act differently.
 */

export const ERROR_CODES = {
  BAD_ARGUMENTS: 'A task that takes several arguments was called with others.',
  BAD_BODY: 'The body of a message could not be read: not JSON, empty, or with a "__proto__" key.',
  BAD_REPLY: 'An answer arrived that could not be read, or that is not what the route promises.',
  BODY_TOO_LARGE: 'A body is larger than `maxBodyBytes`.',
  CALLER_REFUSED: 'A caller is not signed with the `callerSecret` of the service that it came to.',
  CALL_ABORTED: 'The AbortSignal of a call was triggered while the call waited.',
  CHILD_LOST: 'The process or thread of a pool that ran a handler ended before the handler did.',
  CIRCUIT_OPEN: 'The last calls for the remote fields of a route all failed, so for some seconds none are made.',
  CONNECTION_FAILED: 'The broker, or the server of a WebSocket client, cannot be reached.',
  CONNECTION_LOST: 'The connection was lost while a call waited; its task may have run.',
  CONTRACT_MISMATCH: 'The other side of a contract lacks methods.',
  DEPENDENCY_FAILED: 'A dependency of a task could not be set up.',
  DUPLICATE_TASK: 'A route was registered twice.',
  HANDLER_FAILED: 'The handler of a task threw an error that has no code of its own.',
  INVALID_SETTING: 'A setting has a name or a value that is not allowed.',
  INVALID_TASK: 'A task was registered with a name or an option that is not allowed.',
  JOB_CANCELLED: 'A job was cancelled before it was done.',
  JOB_EXPIRED: 'A job was not started within `expiresMs`.',
  MERGE_NOT_FOUND: 'No row belongs to the key that was to be merged.',
  MISSING_PEER: 'An optional package is needed for what was asked, and is not installed.',
  MODULE_FAILED: 'A module of tasks could not be loaded.',
  NO_ROUTE:
    'No service has ever served this route: its queue does not exist, or the WebSocket server has no such task.',
  PUBLISH_FAILED: 'A message was refused by the broker, or not confirmed in time.',
  REMOTE_ERROR: 'The handler of a called task failed.',
  REMOTE_MISSING: 'A provider did not answer an object that a field with `onMissing: "error"` needs.',
  RPC_TIMEOUT: 'No reply arrived within the timeout.',
  SERVICE_STOPPING: 'The service was closed while a call waited, or before it was made.',
  TASK_FAILURE: 'An answer said `fail`, and `unwrap` was asked for its data.',
  TASK_TIMEOUT: 'A handler ran longer than `timeoutMs` of its task allows.',
  UNRECOVERABLE: 'A handler said that no further run could help.',
  USAGE: 'The library was used in a way that cannot work; the message says what to do instead.',
  VALIDATION: 'Input was refused; `errors` is shaped like the input.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Facts for a log line, such as `route`, `queue` or `timeoutMs`. Never a body. */
export type ErrorFacts = Readonly<Record<string, unknown>>;

/** Base of every error thrown on purpose. Match on `code`: messages may be reworded. */
export class BgTasksError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorFacts;

  constructor(code: ErrorCode, message: string, details: ErrorFacts = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }
}

/** The other side cannot be had now: nobody serves it, it does not answer, or the broker is away. */
export abstract class ServiceUnavailableError extends BgTasksError {}

/** What was found out after a call had got no reply in time; what is left out is not known. */
export interface TimeoutFacts {
  /** Who consumed the queue of the route; undefined with `messages` where that does not exist any more. */
  readonly consumers?: number | undefined;
  /** Requests that waited in the queue. */
  readonly messages?: number | undefined;
  /** The alarm for which the broker took no messages. */
  readonly blockedBy?: string;
  readonly isDisconnected?: boolean;
}

/** No reply within the timeout. The task may still run, or may have run. `details` have the `TimeoutFacts`. */
export class RpcTimeoutError extends ServiceUnavailableError {
  declare readonly code: 'RPC_TIMEOUT';
  constructor(route: string, timeoutMs: number, facts?: TimeoutFacts) {
    const within = `No reply from "${route}" within ${Math.round(timeoutMs)} ms.`;
    super('RPC_TIMEOUT', `${within}${facts ? ` ${explanation(facts)}` : ''}`, { route, timeoutMs, ...facts });
  }
}

function explanation({ consumers, messages, blockedBy, isDisconnected }: TimeoutFacts): string {
  if (blockedBy !== undefined) return `The broker takes no messages at present: ${blockedBy}.`;
  if (isDisconnected) return 'There is no connection to the broker at present.';
  if (consumers === undefined) return 'Its queue does not exist any more.';
  if (consumers === 0) return `Nobody consumes its queue, where ${count(messages, 'message')} wait: start its service.`;
  return `Its queue has ${count(consumers, 'consumer')}, and ${count(messages, 'message')} wait.`;
}

function count(amount = 0, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`;
}

/** The queue of the route does not exist; found out in one round trip. */
export class NoRouteError extends ServiceUnavailableError {
  declare readonly code: 'NO_ROUTE';
  /** `known`: what is served, where the broker can tell (the memory broker can). */
  constructor(route: string, known?: readonly string[]) {
    super('NO_ROUTE', `Nobody serves "${route}". ${noRouteHint(known)}`, { route, ...(known && { known }) });
  }
}

function noRouteHint(known: readonly string[] | undefined): string {
  if (known === undefined) return 'Start its service with `npx bgtasks tasks`, or check the name.';
  if (known.length === 0) return 'Nothing is served yet: register a task or a stub first.';
  return `Known routes: ${known.join(', ')}.`;
}

/** The broker, or the server of a WebSocket client, cannot be reached. */
export class ConnectionFailedError extends ServiceUnavailableError {
  declare readonly code: 'CONNECTION_FAILED';
  constructor(message: string, details: ErrorFacts, options?: ErrorOptions) {
    super('CONNECTION_FAILED', message, details, options);
  }
}

/** The connection broke while a call waited. */
export class ConnectionLostError extends ServiceUnavailableError {
  declare readonly code: 'CONNECTION_LOST';
  /** True where the request may have reached its worker, so that calling again may run the task twice. */
  readonly maybeExecuted: boolean;
  constructor(route: string, maybeExecuted: boolean, options?: ErrorOptions) {
    const doubt = maybeExecuted ? ' The task may have run.' : ' The task has not run.';
    super('CONNECTION_LOST', `The connection was lost during the call of "${route}".${doubt}`, { route }, options);
    this.maybeExecuted = maybeExecuted;
  }
}

/** A job or an event was not confirmed by the broker. */
export class PublishFailedError extends ServiceUnavailableError {
  declare readonly code: 'PUBLISH_FAILED';
  /** True where the broker may have the message all the same, so that publishing again may double it. */
  readonly maybePublished: boolean;
  constructor(message: string, details: ErrorFacts, maybePublished: boolean, options?: ErrorOptions) {
    super('PUBLISH_FAILED', message, details, options);
    this.maybePublished = maybePublished;
  }
}

/** What is known of a route that is left alone for a while. */
export interface OpenCircuit {
  /** How many calls in a row have failed. */
  readonly failures: number;
  readonly openedAt: Date;
  /** From then on one call tries whether the service is back. */
  readonly retryAt: Date;
  /** What the last of those calls failed with. */
  readonly cause?: unknown;
}

/** Thrown in place of a call: the last ones to this route all failed, and it is left alone until `retryAt`. */
export class CircuitOpenError extends ServiceUnavailableError {
  declare readonly code: 'CIRCUIT_OPEN';
  readonly openedAt: Date;
  readonly retryAt: Date;
  constructor(route: string, { failures, openedAt, retryAt, cause }: OpenCircuit) {
    const since = openedAt.toISOString();
    const then = retryAt.toISOString();
    super(
      'CIRCUIT_OPEN',
      `"${route}" is not called: the last ${failures} calls failed. Open since ${since}, tried again from ${then} on.`,
      { route, failures, openedAt: since, retryAt: then },
      { cause },
    );
    this.openedAt = openedAt;
    this.retryAt = retryAt;
  }
}

/** The service of this process is closing. */
export class ServiceStoppingError extends ServiceUnavailableError {
  declare readonly code: 'SERVICE_STOPPING';
  constructor(what: string) {
    super('SERVICE_STOPPING', `The service is closed: ${what}.`);
  }
}

/** The caller's own AbortSignal ended the wait. */
export class CallAbortedError extends BgTasksError {
  declare readonly code: 'CALL_ABORTED';
  constructor(route: string, options?: ErrorOptions) {
    super('CALL_ABORTED', `The call of "${route}" was aborted by its signal.`, { route }, options);
  }
}

/** What came as an answer cannot be used. */
export class BadReplyError extends BgTasksError {
  declare readonly code: 'BAD_REPLY';
  constructor(route: string, reason: string, options?: ErrorOptions) {
    super('BAD_REPLY', `Unusable answer from "${route}": ${reason}`, { route }, options);
  }
}

/** The handler of the called task threw. Its stack stays in the log of its worker. */
export class RemoteError extends BgTasksError {
  declare readonly code: 'REMOTE_ERROR';
  /** Code and message of the error over there; the code need not be one of ours. */
  readonly remote: { readonly code: string; readonly message: string };
  constructor(route: string, remote: { readonly code: string; readonly message: string }) {
    super('REMOTE_ERROR', `"${route}" failed with ${remote.code}: ${remote.message}`, { route, ...remote });
    this.remote = remote;
  }
}

/** Thrown by a handler of a job or an event: no further run could help. */
export class UnrecoverableError extends BgTasksError {
  declare readonly code: 'UNRECOVERABLE';
  constructor(message: string, details: ErrorFacts = {}, options?: ErrorOptions) {
    super('UNRECOVERABLE', message, details, options);
  }
}

/** Thrown by `unwrap`: an answer said `fail`, and this is its `data`. */
export class TaskFailure<E = unknown> extends BgTasksError {
  declare readonly code: 'TASK_FAILURE';
  readonly data: E;
  constructor(data: E, details: ErrorFacts = {}) {
    super('TASK_FAILURE', `The task answered "fail": ${preview(data)}`, details);
    this.data = data;
  }
}

/** A value as it may stand in a message: one line, bounded. */
export function preview(value: unknown, maxLength = 200): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    text = Object.prototype.toString.call(value);
  }
  return text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : preview(thrown);
}

/** The code of anything that was thrown; its name where it has none. */
export function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'UNKNOWN';
  const { code } = thrown as { code?: unknown };
  return typeof code === 'string' && code !== '' ? code : thrown.name;
}
