/**
 * One child and what runs in it.
 *
 * Shape:  `ready` resolves with the routes that the child knows, or rejects where it cannot load its modules. A member
 *         that is spent (`maxTasksPerChild`, `maxMemoryMb`) takes no more runs, and ends once it is idle.
 * Bounds: a handler that goes on after its `timeoutMs` costs its child `GRACE_MS` later; one that does not end when told
 *         is killed after `STOP_MS`.
 */
import { BgTasksError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { Child, Launch } from './child.js';
import type { FromChild, LogLevel, ToChild, WireError } from './messages.js';
import type { Run, RunOrigin } from './run.js';
import { fromWire, toWire } from './wire-error.js';

/** For a handler that listens to its signal. */
const GRACE_MS = 1000;
const STOP_MS = 5000;

export interface MemberOptions {
  readonly launch: Launch;
  readonly modules: readonly string[];
  readonly origin: RunOrigin;
  readonly maxTasks: number | undefined;
  readonly maxMemoryMb: number | undefined;
  readonly log: Logger;
  /** A run has ended, or the member itself: there may be room elsewhere, or a child to be started. */
  readonly onChange: (member: Member) => void;
}

interface Entry {
  readonly run: Run;
  /** The child is told of an abort no more. */
  readonly forget: () => void;
  graceTimer?: NodeJS.Timeout;
}

export class Member {
  readonly ready: Promise<readonly string[]>;
  readonly ended: Promise<void>;
  isReady = false;
  hasEnded = false;
  /** It ended by itself, or had to be killed. */
  isLost = false;
  readonly #options: MemberOptions;
  readonly #child: Child;
  readonly #runs = new Map<number, Entry>();
  #count = 0;
  #isSpent = false;
  #isStopping = false;
  #isAbandoned = false;
  #killTimer: NodeJS.Timeout | undefined;
  #setReady: (routes: readonly string[]) => void = () => {};
  #setUnready: (error: unknown) => void = () => {};
  #setEnded: () => void = () => {};

  constructor(options: MemberOptions) {
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      this.#setReady = resolve;
      this.#setUnready = reject;
    });
    this.ready.catch(() => {}); // who waits for it is told
    this.ended = new Promise((resolve) => {
      this.#setEnded = resolve;
    });
    const onMessage = (message: FromChild) => this.#onMessage(message);
    this.#child = options.launch({ onMessage, onEnd: (how) => this.#onEnd(how) });
    this.#child.send({ type: 'load', modules: options.modules });
  }

  get name(): string {
    return this.#child.name;
  }

  get running(): number {
    return this.#runs.size;
  }

  get isOpen(): boolean {
    return this.isReady && !this.#isSpent && !this.#isStopping && !this.hasEnded;
  }

  start(run: Run): void {
    const { origin, maxTasks } = this.#options;
    this.#count += 1;
    const id = this.#count;
    if (maxTasks !== undefined && this.#count >= maxTasks) this.#isSpent = true;
    const { signal } = run.context;
    const onAbort = () => this.#send({ type: 'abort', id, reason: toWire(signal.reason) });
    const entry: Entry = { run, forget: () => signal.removeEventListener('abort', onAbort) };
    this.#runs.set(id, entry);
    try {
      this.#child.send(run.toMessage(id, origin));
    } catch (cause) {
      this.#settle(id, () => run.fail(notCloneable(run, cause)));
      return;
    }
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    run.limitTime(() => {
      entry.graceTimer = setTimeout(() => this.#killHung(run), GRACE_MS);
    });
  }

  /** Lets what runs end within `graceMs`, then what is left is never settled. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#killTimer = setTimeout(() => {
      this.#isAbandoned = true;
      this.#child.kill();
    }, graceMs);
    if (this.#runs.size === 0) this.#end();
    await this.ended;
  }

  #send(message: ToChild): void {
    try {
      this.#child.send(message);
    } catch (error) {
      this.#options.log.warn({ child: this.name, err: error }, 'child could not be told');
    }
  }

  #onMessage(message: FromChild): void {
    switch (message.type) {
      case 'ready':
        this.isReady = true;
        this.#setReady(message.routes);
        this.#options.onChange(this);
        return;
      case 'unloadable':
        this.#setUnready(unloadable(message.error));
        this.#end(); // it would stay as it is, and nobody would take its place
        return;
      case 'done':
      case 'failed':
        this.#watchMemory(message.memoryMb);
        this.#settle(message.id, (run) => run.settle(message));
        return;
      case 'progress':
        this.#runs.get(message.id)?.run.context.progress(message.value);
        return;
      case 'log':
        this.#log(message);
        return;
      default: // of whatever else uses the channel: Node's `--watch` does
    }
  }

  #log({ id, level, facts, error, message }: FromChild & { type: 'log' }): void {
    const log = this.#runs.get(id)?.run.context.log ?? this.#options.log;
    const known: LogLevel = ['debug', 'info', 'warn'].includes(level) ? level : 'error';
    log[known]({ ...facts, ...(error && { err: fromWire(error) }) }, message);
  }

  #settle(id: number, settle: (run: Run) => void): void {
    const entry = this.#runs.get(id);
    if (!entry) return;
    this.#runs.delete(id);
    entry.forget();
    clearTimeout(entry.graceTimer);
    settle(entry.run);
    if (this.#runs.size === 0 && (this.#isSpent || this.#isStopping)) this.#end();
    this.#options.onChange(this);
  }

  #watchMemory(memoryMb: number): void {
    const { maxMemoryMb, log } = this.#options;
    if (maxMemoryMb === undefined || memoryMb <= maxMemoryMb || this.#isSpent) return;
    this.#isSpent = true;
    log.warn({ child: this.name, memoryMb: Math.round(memoryMb), maxMemoryMb }, 'child is replaced: it takes too much');
  }

  #killHung({ task: { route }, context: { messageId } }: Run): void {
    this.#options.log.error(
      { child: this.name, route, messageId },
      'child is killed: its handler ran on after timeoutMs',
    );
    this.isLost = true;
    this.#child.kill();
  }

  #end(): void {
    this.#send({ type: 'stop' });
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => this.#child.kill(), STOP_MS);
  }

  #onEnd(how: string): void {
    this.hasEnded = true;
    clearTimeout(this.#killTimer);
    const isExpected = (this.#isSpent || this.#isStopping) && this.#runs.size === 0;
    if (this.isReady && !isExpected && !this.#isAbandoned) this.#lose(how);
    this.#setUnready(endedEarly(this.name, how));
    for (const [id] of [...this.#runs]) {
      this.#settle(id, (run) => (this.#isAbandoned ? run.abandon() : run.fail(childLost(run, this.name, how))));
    }
    this.#setEnded();
    this.#options.onChange(this);
  }

  #lose(how: string): void {
    this.isLost = true;
    const routes = [...this.#runs.values()].map(({ run }) => run.task.route);
    this.#options.log.error({ child: this.name, how, routes }, 'child of the pool ended unasked');
  }
}

function childLost({ task: { route } }: Run, child: string, how: string): BgTasksError {
  const message = `"${route}" did not end: ${child}, which ran it, ended with ${how}.`;
  return new BgTasksError('CHILD_LOST', message, { route, child, how });
}

function endedEarly(child: string, how: string): BgTasksError {
  const message = `A child of the pool (${child}) ended with ${how} while it loaded the task modules.`;
  return new BgTasksError('MODULE_FAILED', message, { child, how });
}

function unloadable(wire: WireError): BgTasksError {
  const cause = fromWire(wire);
  return new BgTasksError('MODULE_FAILED', `A child of the pool: ${cause.message}`, {}, { cause });
}

function notCloneable({ task: { route } }: Run, cause: unknown): BgTasksError {
  const message = `The body of "${route}" cannot be sent to a child: ${(cause as Error).message}`;
  return new BgTasksError('USAGE', message, { route }, { cause });
}
