/** One call of a handler on its way to a child and back. Settled once, or never where its service has closed. */
import { BgTasksError } from '../../errors.js';
import { type JsonNumbers, parseNumbers } from '../../protocols/json-numbers.js';
import type { TaskDefinition } from '../../tasks/task.js';
import type { DeliveryContext } from '../delivery-context.js';
import type { FromChild, RunMessage } from './messages.js';
import { fromWire } from './wire-error.js';

/** Of which service. */
export type RunOrigin = Pick<RunMessage, 'serviceName' | 'urls'>;

export class Run {
  readonly answer: Promise<unknown>;
  readonly context: DeliveryContext;
  readonly task: TaskDefinition;
  readonly #body: unknown;
  readonly #json: JsonNumbers | undefined;
  #resolve: (value: unknown) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  /** Stands over whatever the handler still says. */
  #timeout: BgTasksError | undefined;

  constructor(task: TaskDefinition, body: unknown, context: DeliveryContext, json?: JsonNumbers) {
    this.task = task;
    this.context = context;
    this.#body = body;
    this.#json = json;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  toMessage(id: number, origin: RunOrigin): RunMessage {
    const { route, messageId, correlationId, attempt, failure, redelivered, deadline, caller } = this.context;
    const context = { messageId, correlationId, attempt, failure, redelivered, deadline: deadline?.getTime(), caller };
    return { type: 'run', id, route, ...origin, body: this.#body, context };
  }

  /** From its start in a child on. The child hears of it as of any abort; `onTimeout` sees to those that do not listen. */
  limitTime(onTimeout: () => void): void {
    const { route, options } = this.task;
    const { timeoutMs } = options;
    if (timeoutMs === undefined) return;
    this.#timer = setTimeout(() => {
      const message = `"${route}" ran longer than its timeoutMs of ${timeoutMs}.`;
      this.#timeout = new BgTasksError('TASK_TIMEOUT', message, { route, timeoutMs });
      this.context.abort(this.#timeout);
      onTimeout();
    }, timeoutMs);
  }

  settle(message: FromChild & { type: 'done' | 'failed' }): void {
    clearTimeout(this.#timer);
    if (this.#timeout) this.#reject(this.#timeout);
    else if (message.type === 'failed') this.#reject(fromWire(message.error, this.task.options.retryOn));
    else this.#resolve(message.json === undefined ? undefined : this.#read(message.json));
  }

  /** As it was written, so that the wire gets the same: what only reading knows, such as digits as a text, is left out. */
  #read(json: string): unknown {
    const { nonFinite, bigIntegers } = this.#json ?? {};
    if (nonFinite !== 'number' && bigIntegers !== 'bigint') return JSON.parse(json);
    return parseNumbers(json, {
      nonFinite: nonFinite === 'number' ? nonFinite : 'error',
      bigIntegers: bigIntegers === 'bigint' ? bigIntegers : 'number',
    });
  }

  fail(error: unknown): void {
    clearTimeout(this.#timer);
    this.#reject(this.#timeout ?? error);
  }

  /** The service closes: its delivery is given back by the end of the connection. */
  abandon(): void {
    clearTimeout(this.#timer);
  }
}
