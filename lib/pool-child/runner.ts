/** Runs handlers in a child: the same scope and context as in the parent, and everything that is said goes there. */
import { getHeapStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { BgTasksError, messageOf, preview } from '../errors.js';
import type { Logger } from '../logger.js';
import { type JsonNumbers, stringifyNumbers } from '../protocols/json-numbers.js';
import { runIn } from '../scope.js';
import { DeliveryContext } from '../worker/delivery-context.js';
import type { FromChild, LogLevel, RunMessage, WireError } from '../worker/pool/messages.js';
import { fromWire, toWire } from '../worker/pool/wire-error.js';
import type { ChildTasks } from './child-tasks.js';

export class Runner {
  readonly #tasks: ChildTasks;
  readonly #send: (message: FromChild) => void;
  readonly #running = new Map<number, DeliveryContext>();

  constructor(tasks: ChildTasks, send: (message: FromChild) => void) {
    this.#tasks = tasks;
    this.#send = send;
  }

  abort(id: number, reason: WireError): void {
    this.#running.get(id)?.abort(fromWire(reason));
  }

  /** Never rejects. */
  async run(message: RunMessage): Promise<void> {
    const { id } = message;
    const context = this.#contextOf(message);
    this.#running.set(id, context);
    let retryOn: unknown;
    try {
      const { service, task, dependencies } = await this.#tasks.find(message);
      retryOn = task.options.retryOn;
      const { caller, deadline } = message.context;
      const scope = { service, caller, deadline, calls: 0, task: context };
      const handler = async () => task.handler(message.body, context);
      const answer = await runIn(scope, () =>
        dependencies.has(task) ? dependencies.run(task, context, handler) : handler(),
      );
      this.#send({ type: 'done', id, json: jsonOf(answer, service.internals.peek().json), memoryMb: memoryMb() });
    } catch (error) {
      this.#send({ type: 'failed', id, error: toWire(error, retryOn), memoryMb: memoryMb() });
    } finally {
      this.#running.delete(id);
      context.end();
    }
  }

  #contextOf({ id, route, context: info }: RunMessage): DeliveryContext {
    const context = new DeliveryContext(route, info, info.redelivered, this.#logger(id));
    context.onProgress = (value) => this.#tell({ type: 'progress', id, value });
    return context;
  }

  #logger(id: number): Logger {
    const at = (level: LogLevel) => (given: object, message?: string) => {
      const { err, ...facts } = given as Record<string, unknown>;
      const said = err instanceof Error ? { error: toWire(err) } : {};
      const told = err === undefined || err instanceof Error ? facts : { ...facts, err };
      this.#tell({ type: 'log', id, level, facts: told, ...said, message });
    };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  /** A value that cannot be cloned, such as a function, goes as text: a log line must not fail a task. */
  #tell(message: FromChild & { type: 'progress' | 'log' }): void {
    try {
      this.#send(message);
    } catch {
      if (message.type === 'progress') this.#send({ ...message, value: preview(message.value) });
      else this.#send({ ...message, facts: textsOf(message.facts) });
    }
  }
}

function textsOf(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isPlain = (value: unknown) => value === null || !['object', 'function', 'symbol'].includes(typeof value);
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, isPlain(value) ? value : preview(value)]),
  );
}

/** What the wire makes of it, here, where its methods are. */
function jsonOf(answer: unknown, numbers: JsonNumbers | undefined): string | undefined {
  try {
    return numbers ? stringifyNumbers(answer, numbers) : JSON.stringify(answer);
  } catch (cause) {
    const message = `The answer cannot be written as JSON: ${messageOf(cause)}`;
    throw new BgTasksError('HANDLER_FAILED', message, {}, { cause });
  }
}

/** Of a process all that it takes; of a thread its own heap. */
function memoryMb(): number {
  const bytes = isMainThread ? process.memoryUsage.rss() : getHeapStatistics().used_heap_size;
  return bytes / 1024 ** 2;
}
