/**
 * What is given to `rpcTask` beside the route: checked where it is given, so that a mistake is found there.
 *
 * Errors: `INVALID_TASK`, naming the route, the option and what is allowed.
 */
import { BgTasksError, preview } from '../errors.js';
import { PROTOCOLS } from '../protocols/index.js';
import type { BodySchema } from '../schema.js';
import type { Handler, TaskOptions } from './task.js';

export type AnyTaskOptions = TaskOptions<BodySchema | undefined>;

/** `(options?, handler?)` of `rpcTask`: what is given must be one of the two, in this order. */
export function splitArguments(
  route: string,
  rest: readonly unknown[],
): [AnyTaskOptions | undefined, Handler<unknown, unknown> | undefined] {
  const given = [...rest];
  const options = typeof given[0] === 'object' && given[0] !== null ? (given.shift() as AnyTaskOptions) : undefined;
  if (options === undefined && given[0] === undefined && given.length > 1) given.shift();
  const handler = typeof given[0] === 'function' ? (given.shift() as Handler<unknown, unknown>) : undefined;
  if (given.length === 0 || (rest.length === 1 && rest[0] === undefined)) return [options, handler];
  const message = `rpcTask("${route}") takes options and a handler (a function), not ${preview(given[0])}.`;
  throw new BgTasksError('INVALID_TASK', message, { route });
}

const TASK_OPTIONS: ReadonlySet<string> = new Set([
  'body',
  'protocol',
  'description',
  'concurrency',
  'timeoutMs',
  'middleware',
]);

export function checkTaskOptions(route: string, options: AnyTaskOptions): void {
  const invalid = (problem: string) => new BgTasksError('INVALID_TASK', `Task "${route}": ${problem}`, { route });
  for (const name of Object.keys(options)) {
    if (!TASK_OPTIONS.has(name))
      throw invalid(`unknown option "${name}". Options are: ${[...TASK_OPTIONS].join(', ')}.`);
  }
  for (const name of ['concurrency', 'timeoutMs'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw invalid(`"${name}" must be a whole number from 1, not ${preview(value)}.`);
    }
  }
  const { body, middleware } = options;
  const isSchema = typeof body === 'function' || (typeof body === 'object' && body !== null && '~standard' in body);
  if (body !== undefined && !isSchema) throw invalid(`"body" must be a schema or a class, not ${preview(body)}.`);
  if (
    middleware !== undefined &&
    !(Array.isArray(middleware) && middleware.every((wrap) => typeof wrap === 'function'))
  ) {
    throw invalid(`"middleware" must be a list of functions, not ${preview(middleware)}.`);
  }
  if (options.protocol !== undefined && !Object.hasOwn(PROTOCOLS, options.protocol)) {
    throw invalid(
      `unknown protocol ${preview(options.protocol)}. Protocols are: ${Object.keys(PROTOCOLS).join(', ')}.`,
    );
  }
}
