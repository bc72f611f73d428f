/** Ends the wait for a handler that takes too long, and aborts its signal. The handler itself cannot be stopped. */
import { BgTasksError } from '../../errors.js';
import type { Middleware } from '../../tasks/task.js';
import type { DeliveryContext } from '../delivery-context.js';

export function timeLimit(timeoutMs: number): Middleware {
  return async (body, context, next) => {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const message = `"${context.route}" ran longer than its timeoutMs of ${timeoutMs}.`;
        const error = new BgTasksError('TASK_TIMEOUT', message, { route: context.route, timeoutMs });
        (context as DeliveryContext).abort(error);
        reject(error);
      }, timeoutMs);
    });
    try {
      return await Promise.race([next(body), expired]);
    } finally {
      clearTimeout(timer);
    }
  };
}
