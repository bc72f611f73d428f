/** Which names a route may have: a queue of that name must be possible, and binding keys must not match others by it. */
import { BgTasksError, preview } from '../errors.js';

const MAX_BYTES = 255;

/** Throws `INVALID_TASK` before any I/O: a name that is too long would close a whole channel of the broker. */
export function checkRoute(route: unknown): asserts route is string {
  const problem = problemWith(route);
  if (problem) throw new BgTasksError('INVALID_TASK', `A route ${problem}: ${preview(route)}.`, { route });
}

function problemWith(route: unknown): string | undefined {
  if (typeof route !== 'string' || route === '') return 'must be a text that is not empty';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[*#\u0000-\u001f\u007f]/.test(route)) return 'must not contain "*", "#" or control characters';
  if (Buffer.byteLength(route) > MAX_BYTES) return `must not be longer than ${MAX_BYTES} bytes`;
  if (route.startsWith('amq.')) return 'must not start with "amq.", which RabbitMQ keeps for itself';
  return undefined;
}
