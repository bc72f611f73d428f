/**
 * A command that came over a WebSocket becomes a handler call and its outcome:
 * find the task -> room for one more -> arguments in place -> body schema -> middleware -> handler.
 *
 * Shape:  `run` never rejects. Sockets, order and ids are none of its business.
 * Bounds: at most `concurrency` handlers at once in this process, and of a task its own; beyond, the answer is "busy".
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Caller } from '../caller.js';
import { fail } from '../envelope.js';
import { BgTasksError, preview, ServiceStoppingError } from '../errors.js';
import { BUSY_OUTCOME, type SocketCommand, UNKNOWN_TARGET } from '../protocols/micro-framework/socket-command.js';
import type { Outcome } from '../protocols/protocol.js';
import { runIn } from '../scope.js';
import type { Arguments } from '../tasks/arguments.js';
import type { TaskDefinition } from '../tasks/task.js';
import type { TargetInfo } from '../tasks/websocket.js';
import { DeliveryContext } from './delivery-context.js';
import { callHandler, checkedBody, describeError } from './run-task.js';
import { RunningHandlers } from './running-handlers.js';
import type { WorkerParts } from './worker.js';

const LIST_TARGETS = '__list_targets__';
const GET_TARGET = '__get_target__';

export class WebSocketWorker {
  readonly #parts: Omit<WorkerParts, 'broker' | 'running' | 'jobHold' | 'health'>;
  readonly #handlers = new RunningHandlers();
  readonly #runs = new Set<Promise<Outcome>>();
  readonly #runningOf = new Map<string, number>();
  #isDraining = false;

  constructor(parts: Omit<WorkerParts, 'broker' | 'running' | 'jobHold' | 'health'>) {
    this.#parts = parts;
  }

  get running(): number {
    return this.#runs.size;
  }

  get tasks(): readonly TaskDefinition[] {
    return this.#parts.registry.all().filter(({ kind }) => kind === 'websocket');
  }

  /** Builds what these tasks depend on. */
  async setUp(): Promise<void> {
    for (const task of this.tasks) await this.#parts.dependencies.setUp(this.#parts.pools.placed(task));
  }

  /** `callId` names this run, for `abort`. */
  run(command: SocketCommand, caller: Caller, callId: string = randomUUID()): Promise<Outcome> {
    const { name } = command;
    if (name === LIST_TARGETS) return Promise.resolve({ value: this.tasks.map(describe) });
    if (name === GET_TARGET) return Promise.resolve(this.#describeOne(command.args[0]));
    const task = this.#find(name);
    if (!task) return Promise.resolve(unknownTarget(name));
    if (!this.#hasRoom(task)) return Promise.resolve(BUSY_OUTCOME);
    const run = this.#run(this.#parts.pools.placed(task), command, caller, callId).finally(() =>
      this.#leave(name, run),
    );
    this.#runs.add(run);
    this.#runningOf.set(name, (this.#runningOf.get(name) ?? 0) + 1);
    return run;
  }

  /** Its caller has gone. */
  abort(callId: string): void {
    this.#handlers.abort(callId);
  }

  /** Everything new is answered "busy", so that it is sent again, elsewhere. True where all that ran has ended in time. */
  async drain(drainMs: number): Promise<boolean> {
    this.#isDraining = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, drainMs, false);
    });
    const ended = Promise.all(this.#runs).then(() => true);
    const isDrained = await Promise.race([ended, late]).finally(() => clearTimeout(timer));
    if (!isDrained) this.#handlers.abortAll(new ServiceStoppingError('its handlers were given up'));
    await nextTurn(); // a handler that listens can still answer
    return isDrained;
  }

  #find(name: string): TaskDefinition | undefined {
    const task = this.#parts.registry.get(name);
    return task?.kind === 'websocket' ? task : undefined;
  }

  #hasRoom({ route, options }: TaskDefinition): boolean {
    const { concurrency } = this.#parts.settings;
    if (this.#isDraining || this.#runs.size >= concurrency) return false;
    return (this.#runningOf.get(route) ?? 0) < (options.concurrency ?? concurrency);
  }

  #leave(route: string, run: Promise<Outcome>): void {
    this.#runs.delete(run);
    const others = (this.#runningOf.get(route) ?? 1) - 1;
    if (others > 0) this.#runningOf.set(route, others);
    else this.#runningOf.delete(route);
  }

  /** Never rejects: what the handler throws is an outcome. The stack stays here, in the log. */
  #run(task: TaskDefinition, command: SocketCommand, caller: Caller, callId: string): Promise<Outcome> {
    const { settings, scopeOf, runs } = this.#parts;
    const { route } = task;
    const deadline = command.timeoutMs === undefined ? undefined : Date.now() + command.timeoutMs;
    const info = { messageId: callId, correlationId: callId, replyTo: undefined, deadline, caller };
    const context = this.#handlers.add(new DeliveryContext(route, info, false, settings.logger));
    const observed = runs.begin(task, info);
    const serve = async (): Promise<Outcome> => {
      try {
        const value = await this.#call(task, { args: command.args, kwargs: command.kwargs }, context);
        observed.end({ value });
        return { value };
      } catch (error) {
        observed.end({ error });
        // A caller's own mistake must not fill the log with stacks.
        const level = error instanceof BgTasksError && error.code === 'BAD_ARGUMENTS' ? 'debug' : 'error';
        context.log[level]({ route, messageId: callId, err: error }, 'task failed');
        return { error: describeError(error) };
      } finally {
        context.end();
      }
    };
    return runIn(scopeOf(info, context), () => observed.around(serve));
  }

  async #call(task: TaskDefinition, given: Arguments, context: DeliveryContext): Promise<unknown> {
    const { checkDto } = this.#parts;
    const { parameters } = task;
    if (!task.options.body || !parameters) return callHandler(this.#parts, task, given, context);
    const body = await checkedBody(task, parameters.byName(given), checkDto);
    if ('errors' in body) return fail(body.errors);
    return callHandler(this.#parts, task, parameters.fromNames(body.value), context);
  }

  #describeOne(name: unknown): Outcome {
    const task = typeof name === 'string' ? this.#find(name) : undefined;
    if (task) return { value: describe(task) };
    return { error: { code: 'KeyError', message: typeof name === 'string' ? name.slice(0, 200) : preview(name) } };
  }
}

function describe({ route, parameters, description }: TaskDefinition): TargetInfo {
  const { required = [], optional = [] } = parameters ?? {};
  return { target: route, args: required, kwargs: optional, docstring: description ?? null };
}

function unknownTarget(name: string): Outcome {
  const message = `${name.slice(0, 200)} does not exist or is not exposed through a RPC method.`;
  return { error: { code: UNKNOWN_TARGET, message } };
}
