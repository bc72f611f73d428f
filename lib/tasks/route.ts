/** Which names tasks and events may have: a queue of that name must be possible, and binding keys must not match others by it. */
import { BgTasksError, preview } from '../errors.js';

const MAX_BYTES = 255;
/** In a delay, 28 bits with dots between them stand before the name of the queue. */
const MAX_DELAYED_BYTES = 199;

/** Throws `INVALID_TASK` before any I/O: a name that is too long would close a whole channel of the broker. */
export function checkRoute(route: unknown): asserts route is string {
  const problem = problemWith(route, MAX_BYTES);
  if (problem) throw new BgTasksError('INVALID_TASK', `A route ${problem}: ${preview(route)}.`, { route });
}

/** The name of a WebSocket task. Those that list the tasks are taken. */
export function checkTarget(name: unknown): asserts name is string {
  checkRoute(name);
  if (!/^__.*__$/.test(name)) return;
  const message = `A WebSocket task must not be named "${name}": such names belong to the protocol.`;
  throw new BgTasksError('INVALID_TASK', message, { route: name });
}

/** That of a job, whose messages may be delayed. */
export function checkJobRoute(route: unknown): asserts route is string {
  const problem = problemWith(route, MAX_DELAYED_BYTES);
  if (problem) throw new BgTasksError('INVALID_TASK', `The route of a job ${problem}: ${preview(route)}.`, { route });
}

/** The name of a service, and that of an event, in which `*` and `#` may stand for words. */
export function checkEvent(service: unknown, event: unknown): void {
  const problem = problemWith(service, MAX_DELAYED_BYTES);
  if (problem) throw new BgTasksError('INVALID_TASK', `The service of an event ${problem}: ${preview(service)}.`);
  const name = typeof event === 'string' ? event.replace(/(^|\.)[*#](?=\.|$)/g, '$1x') : event;
  checkEventName(name, event);
}

/** That of an event which is emitted: no wildcards. */
export function checkEventName(name: unknown, shown = name): asserts name is string {
  const problem = problemWith(name, MAX_DELAYED_BYTES);
  if (problem) throw new BgTasksError('INVALID_TASK', `The name of an event ${problem}: ${preview(shown)}.`);
}

function problemWith(name: unknown, maxBytes: number): string | undefined {
  if (typeof name !== 'string' || name === '') return 'must be a text that is not empty';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[*#\u0000-\u001f\u007f]/.test(name)) return 'must not contain "*", "#" or control characters';
  if (Buffer.byteLength(name) > maxBytes) return `must not be longer than ${maxBytes} bytes`;
  if (name.startsWith('amq.')) return 'must not start with "amq.", which RabbitMQ keeps for itself';
  return undefined;
}
