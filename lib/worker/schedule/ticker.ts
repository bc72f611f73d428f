/**
 * Schedules of one process: they need no broker, and nothing is kept of them.
 *
 * Shape:  the first firing comes one interval after the start. A firing that would come while the handler of an earlier one
 *         still runs is left out, so a slow handler is never running twice.
 */
import { randomUUID } from 'node:crypto';
import type { Consumer } from '../../broker/broker.js';
import { runIn } from '../../scope.js';
import type { ScheduleRule } from '../../tasks/schedule.js';
import type { TaskDefinition } from '../../tasks/task.js';
import { DeliveryContext } from '../delivery-context.js';
import { callHandler } from '../run-task.js';
import type { WorkerParts } from '../worker.js';

/** `run` resolves when the handler has ended; it does not reject. */
export function startTicker(rule: ScheduleRule, run: () => Promise<void>): Consumer {
  if (!('intervalMs' in rule)) throw new TypeError('A cron expression does not fire per process.');
  let isRunning = false;
  const fire = async () => {
    if (isRunning) return;
    isRunning = true;
    await run();
    isRunning = false;
  };
  const stop = repeat(rule.intervalMs, () => void fire());
  return { cancel: async () => stop() };
}

/** Middleware and scope are those of any other task. What the handler throws is logged. */
export function runTick(parts: WorkerParts, task: TaskDefinition): Promise<void> {
  const { scopeOf, settings, running, runs } = parts;
  const { route } = task;
  const { logger } = settings;
  const messageId = randomUUID();
  const info = { messageId, correlationId: undefined, replyTo: undefined, deadline: undefined, caller: {} };
  const context = running.add(new DeliveryContext(route, info, false, logger));
  const observed = runs.begin(task, info);
  const serve = async () => {
    try {
      const value = await callHandler(parts, task, { at: new Date() }, context);
      observed.end({ value });
    } catch (error) {
      observed.end({ error });
      logger.error({ route, messageId, err: error }, 'task failed');
    } finally {
      context.end();
    }
  };
  return runIn(scopeOf(info, context), () => observed.around(serve));
}

/** The longest timer of Node. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Like `setInterval`, which fires at once for a month. Counted from the start, so that delays do not add up. */
function repeat(intervalMs: number, fire: () => void): () => void {
  let dueAt = performance.now() + intervalMs;
  let timer: NodeJS.Timeout;
  const sleep = () => {
    timer = setTimeout(wake, Math.min(Math.max(1, dueAt - performance.now()), MAX_TIMER_MS));
  };
  const wake = () => {
    const now = performance.now();
    if (now >= dueAt) {
      dueAt += intervalMs * Math.ceil((now - dueAt + 1) / intervalMs);
      fire();
    }
    sleep();
  };
  sleep();
  return () => clearTimeout(timer);
}
