/** One line per call: its route, id, attempt and time. Never a body. What fails is logged by the worker itself. */
import type { Middleware } from '../../tasks/task.js';

/** `configure({ middleware: [logging()] })`. Calls that fail have a line at `warn`, whatever the level. */
export function logging({ level = 'info' }: { level?: 'debug' | 'info' } = {}): Middleware {
  return async (body, context, next) => {
    const { route, messageId, attempt, log } = context;
    const startedAt = performance.now();
    const facts = () => ({ route, messageId, attempt, ms: Math.round(performance.now() - startedAt) });
    try {
      const answer = await next(body);
      log[level](facts(), 'task done');
      return answer;
    } catch (error) {
      log.warn(facts(), 'task ended with an error');
      throw error;
    }
  };
}
