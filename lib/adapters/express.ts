/**
 * 'bgtasks/express': serializers as Express endpoints. Express is an optional peer.
 *
 * Errors: a `ValidationError` is 400 with `{ field: [messages] }`; a service behind this one that fails is 502, one that
 *         does not answer in time 504, both with `{ detail, code }` and no text of the other service; TypeORM's
 *         `EntityNotFoundError` is 404. All else goes on to Express's own error handling.
 */
import type { Request, RequestHandler, Response } from 'express';
import { type Caller, currentCaller, runAs } from '../caller.js';
import { serviceInUse } from '../default-service.js';
import { BgTasksError, type ErrorCode, preview } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Serializable } from '../provider/provide.js';
import { currentScope, runIn, type Scope } from '../scope.js';
import type { Service } from '../service.js';

/** How many calls to other services a response took. */
export const CALLS_HEADER = 'X-RPC-Calls';

export interface ViewOptions {
  /** Of the answer when all went well. Default: 200. */
  status?: number;
  /** Whose calls these are, for serializers that name none. Default: the default service. */
  service?: Service;
}

/** `app.get('/users', view(async () => UserSerializer.many(await users.find())))`. Awaits `data` and sends it as JSON. */
export function view<D>(
  handler: (req: Request) => Serializable<D> | Promise<Serializable<D>>,
  { status = 200, service }: ViewOptions = {},
): RequestHandler<Record<string, string>, D> {
  return async (req, res, next) => {
    const outer = currentScope();
    const owner = serviceInUse(service);
    const scope: Scope = { service: owner, caller: currentCaller(), deadline: outer?.deadline, calls: 0 };
    try {
      const data = await runIn(scope, async () => dataOf(await handler(req as Request)));
      res.status(status).set(CALLS_HEADER, String(scope.calls)).json(data);
    } catch (error) {
      res.set(CALLS_HEADER, String(scope.calls));
      if (!answerError(error, req as Request, res as Response, owner.settings.logger)) next(error);
    }
  };
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
  if (code !== 'RPC_TIMEOUT' && !UNAVAILABLE.has(code)) return false;
  log.warn({ method: req.method, path: req.path, code, reason: message }, 'a service behind this one failed');
  const isTimeout = code === 'RPC_TIMEOUT';
  const detail = isTimeout ? 'A service behind this one did not answer in time.' : 'A service behind this one failed.';
  res.status(isTimeout ? 504 : 502).json({ detail, code });
  return true;
}

/** By its name: TypeORM need not be there. `findOneByOrFail` throws it, as DRF's `get_object_or_404` does. */
function isNotFound(error: Error): boolean {
  return error.constructor.name === 'EntityNotFoundError';
}
