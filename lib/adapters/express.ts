/**
 * 'bgtasks/express': serializers as Express endpoints. Express is an optional peer.
 *
 * Shape:  one deadline for all calls of a response. A request that its client gives up aborts them.
 * Units:  `timeoutMs` is milliseconds.
 * Errors: a `ValidationError` is 400 with `{ field: [messages] }`; a service behind this one that fails is 502, one that
 *         does not answer in time 504, one that is left alone for a while 503, all with `{ detail, code }` and no text of
 *         the other service; TypeORM's `EntityNotFoundError` is 404. All else goes on to Express's own error handling.
 */
import type { Request, RequestHandler, Response } from 'express';
import { type Caller, currentCaller, runAs } from '../caller.js';
import { BgTasksError, type CircuitOpenError, type ErrorCode, preview } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Serializable } from '../provider/provide.js';
import { currentScope, runIn, type Scope } from '../scope.js';
import { serviceInUse } from '../service/default-service.js';
import type { Service } from '../service/service.js';

/** How many calls to other services a response took. */
export const CALLS_HEADER = 'X-RPC-Calls';
/** Which routes a response goes without, and why: `199 bgtasks "No objects of images.get (RPC_TIMEOUT)"`. */
export const WARNING_HEADER = 'Warning';

export interface ViewOptions {
  /** Of the answer when all went well. Default: 200. */
  status?: number;
  /** Whose calls these are, for serializers that name none. Default: the default service. */
  service?: Service;
  /** How long all calls of a response may take together. Default: `rpcTimeoutMs` of the service. */
  timeoutMs?: number;
}

/** `app.get('/users', view(async () => UserSerializer.many(await users.find())))`. Awaits `data` and sends it as JSON. */
export function view<D>(
  handler: (req: Request) => Serializable<D> | Promise<Serializable<D>>,
  { status = 200, service, timeoutMs }: ViewOptions = {},
): RequestHandler<Record<string, string>, D> {
  checkTimeout(timeoutMs);
  return async (req, res, next) => {
    const owner = serviceInUse(service);
    const gone = whenGone(res as Response);
    const scope = scopeOf(owner, timeoutMs ?? owner.settings.rpcTimeoutMs, gone);
    const tell = () => {
      res.set(CALLS_HEADER, String(scope.calls));
      if (scope.degraded.size > 0) res.set(WARNING_HEADER, warning(scope.degraded));
    };
    try {
      const data = await runIn(scope, async () => dataOf(await handler(req as Request)));
      tell();
      res.status(status).json(data);
    } catch (error) {
      if (gone.aborted && isAborted(error)) return;
      if (res.headersSent) return next(error); // answered by another, such as a time limit: the error is all there is left
      tell();
      if (!answerError(error, req as Request, res as Response, owner.settings.logger)) next(error);
    }
  };
}

function checkTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || (Number.isFinite(timeoutMs) && timeoutMs > 0)) return;
  throw new BgTasksError('USAGE', `view(): "timeoutMs" must be a number of milliseconds above 0, not ${timeoutMs}.`);
}

function scopeOf(service: Service, timeoutMs: number, signal: AbortSignal) {
  const ownDeadline = Date.now() + timeoutMs;
  const deadline = Math.min(ownDeadline, currentScope()?.deadline ?? ownDeadline);
  return {
    service,
    caller: currentCaller(),
    deadline,
    signal,
    degraded: new Map<string, string>(),
    calls: 0,
  } satisfies Scope;
}

/** Aborted where the connection closes, or has closed, before the answer is written. */
function whenGone(res: Response): AbortSignal {
  const controller = new AbortController();
  const onClose = () => {
    if (!res.writableFinished) controller.abort(new Error('The client has closed the connection.'));
  };
  if (res.closed) onClose();
  else res.once('close', onClose);
  return controller.signal;
}

/** By code: the error may be of another copy of the package. */
function isAborted(error: unknown): boolean {
  return (error as Partial<BgTasksError> | null)?.code === 'CALL_ABORTED';
}

/** Names of routes alone, in what a header may hold. */
function warning(degraded: ReadonlyMap<string, string>): string {
  const routes = Array.from(degraded, ([route, code]) => `${route.replace(/[^ -~]|["\\]/g, '?')} (${code})`);
  return `199 bgtasks "No objects of ${routes.join(', ')}"`;
}

function dataOf<D>(made: Serializable<D>): Promise<D> {
  if (typeof made === 'object' && made !== null && 'data' in made) return made.data;
  const message = `view() sends the "data" of a serializer, or of { data: promise }; its handler gave ${preview(made)}.`;
  throw new BgTasksError('USAGE', message);
}

/** Starts the travelling caller: what `currentCaller()` reads here and in every task below. */
export function caller(read: (req: Request) => Caller): RequestHandler {
  return (req, _res, next) => runAs(read(req), next);
}

const UNAVAILABLE: ReadonlySet<ErrorCode> = new Set([
  'BAD_REPLY',
  'CONNECTION_FAILED',
  'CONNECTION_LOST',
  'NO_ROUTE',
  'REMOTE_ERROR',
  'REMOTE_MISSING',
  'SERVICE_STOPPING',
  'TASK_FAILURE',
]);

/** False where the error is none that has an answer of its own. */
function answerError(error: unknown, req: Request, res: Response, log: Logger): boolean {
  if (!(error instanceof Error)) return false;
  // By code and not by class: the error may be of another copy of the package.
  const { code, message } = error as BgTasksError;
  if (code === 'VALIDATION' && 'byField' in error) {
    res.status(400).json(error.byField);
    return true;
  }
  if (isNotFound(error)) {
    res.status(404).json({ detail: 'Not found.' });
    return true;
  }
  if (code !== 'RPC_TIMEOUT' && code !== 'CIRCUIT_OPEN' && !UNAVAILABLE.has(code)) return false;
  log.warn({ method: req.method, path: req.path, code, reason: message }, 'a service behind this one failed');
  const [remoteStatus, detail] = ANSWERS[code] ?? [502, 'A service behind this one failed.'];
  if (code === 'CIRCUIT_OPEN') res.set('Retry-After', secondsUntil((error as CircuitOpenError).retryAt));
  res.status(remoteStatus).json({ detail, code });
  return true;
}

const ANSWERS: { readonly [C in ErrorCode]?: readonly [status: number, detail: string] } = {
  RPC_TIMEOUT: [504, 'A service behind this one did not answer in time.'],
  CIRCUIT_OPEN: [503, 'A service behind this one does not answer; it is tried again soon.'],
};

function secondsUntil(time: Date): string {
  return String(Math.max(1, Math.ceil((time.getTime() - Date.now()) / 1000)));
}

/** By its name: TypeORM need not be there. `findOneByOrFail` throws it, as DRF's `get_object_or_404` does. */
function isNotFound(error: Error): boolean {
  return error.constructor.name === 'EntityNotFoundError';
}
