/**
 * A call becomes a message, and a message an answer:
 * encode -> pending call -> publish -> decode -> value or error.
 *
 * Every call settles: with a value or one typed error, at the latest after its timeout. The channel is opened by the
 * first call, and again by the first one after it was lost.
 */
import { randomUUID } from 'node:crypto';
import type { Broker, CallChannel, IncomingMessage } from '../broker/broker.js';
import {
  BadReplyError,
  BgTasksError,
  ConnectionLostError,
  messageOf,
  NoRouteError,
  preview,
  RemoteError,
  RpcTimeoutError,
  ServiceStoppingError,
} from '../errors.js';
import type { Logger } from '../logger.js';
import type { Outcome, Protocol } from '../protocols/protocol.js';
import { currentScope } from '../scope.js';
import type { CallOptions } from '../tasks/remotes.js';
import { PendingCalls } from './pending-calls.js';

/** A Node timer takes no more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export interface RpcClientOptions {
  readonly broker: Broker;
  readonly protocolOf: (route: string) => Protocol;
  readonly rpcTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly log: Logger;
}

export class RpcClient {
  readonly #options: RpcClientOptions;
  readonly pending = new PendingCalls();
  #channel: CallChannel | undefined;
  #opening: Promise<CallChannel> | undefined;
  #isClosed = false;

  constructor(options: RpcClientOptions) {
    this.#options = options;
  }

  async call(route: string, body: unknown, { timeoutMs: asked, signal }: CallOptions = {}): Promise<unknown> {
    if (this.#isClosed) throw new ServiceStoppingError(`"${route}" was not called`);
    const scope = currentScope();
    const timeoutMs = this.#timeoutFor(route, asked, scope?.deadline);
    if (scope) scope.calls += 1;
    const correlationId = randomUUID();
    const answer = this.pending.open(correlationId, route, timeoutMs, either(signal, scope?.signal));
    if (this.#channel) this.#send(this.#channel, route, body, correlationId, timeoutMs);
    else void this.#sendOnceOpen(route, body, correlationId, timeoutMs);
    return answer;
  }

  /** Calls that wait are failed: there is nobody to take their answer any more. */
  close(): void {
    this.#isClosed = true;
    this.pending.failAll((route) => new ServiceStoppingError(`the call of "${route}" was given up`));
  }

  /** No longer than the caller of this very code waits. */
  #timeoutFor(route: string, asked: number | undefined, deadline: number | undefined): number {
    const timeoutMs = asked ?? this.#options.rpcTimeoutMs;
    if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
      const allowed = `a number of milliseconds above 0 and at most ${MAX_TIMEOUT_MS}`;
      throw new BgTasksError('USAGE', `"timeoutMs" must be ${allowed}, not ${preview(asked)}.`, { route });
    }
    if (deadline === undefined) return timeoutMs;
    const leftMs = deadline - Date.now();
    if (leftMs <= 0) throw new RpcTimeoutError(route, 0);
    return Math.min(timeoutMs, leftMs);
  }

  async #sendOnceOpen(route: string, body: unknown, correlationId: string, timeoutMs: number): Promise<void> {
    const start = performance.now();
    try {
      const channel = await this.#open();
      const leftMs = timeoutMs - (performance.now() - start);
      if (leftMs > 0) this.#send(channel, route, body, correlationId, leftMs);
    } catch (error) {
      this.pending.fail(correlationId, notSent(route, error));
    }
  }

  #send(channel: CallChannel, route: string, body: unknown, correlationId: string, timeoutMs: number): void {
    if (this.pending.routeOf(correlationId) === undefined) return; // given up meanwhile
    const { protocolOf, maxBodyBytes } = this.#options;
    const caller = currentScope()?.caller ?? {};
    const request = { route, body, correlationId, replyTo: channel.replyTo, timeoutMs, caller };
    try {
      channel.send(protocolOf(route).encodeRequest(request, maxBodyBytes));
    } catch (error) {
      this.pending.fail(correlationId, notSent(route, error));
    }
  }

  #open(): Promise<CallChannel> {
    this.#opening ??= this.#openChannel().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openChannel(): Promise<CallChannel> {
    const channel = await this.#options.broker.openCalls({
      onReply: (reply) => this.#onReply(reply),
      onReturn: (id, known) => this.#onReturn(id, known),
      onLost: (cause) => this.#onLost(cause),
    });
    this.#channel = channel;
    return channel;
  }

  #onReply(reply: IncomingMessage): void {
    const id = reply.properties.correlationId ?? '';
    const route = this.pending.routeOf(id);
    if (route === undefined) {
      this.#options.log.debug({ correlationId: id }, 'reply dropped: nobody waits for it any more');
      return;
    }
    try {
      const outcome = this.#decode(route, reply);
      if (outcome.error) this.pending.fail(id, new RemoteError(route, outcome.error));
      else this.pending.resolve(id, outcome.value);
    } catch (error) {
      this.pending.fail(id, new BadReplyError(route, messageOf(error), { cause: error }));
    }
  }

  #decode(route: string, reply: IncomingMessage): Outcome {
    return this.#options.protocolOf(route).decodeReply(reply, this.#options.maxBodyBytes);
  }

  #onReturn(id: string, known: readonly string[] | undefined): void {
    const route = this.pending.routeOf(id);
    if (route !== undefined) this.pending.fail(id, new NoRouteError(route, known));
  }

  #onLost(cause: Error | undefined): void {
    this.#channel = undefined;
    this.#opening = undefined;
    this.pending.failAll((route) => new ConnectionLostError(route, true, cause && { cause }));
  }
}

/** The caller's own signal, and that of the response the call is made for. */
function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other);
}

/** What the broker's library throws of itself means that the connection went while the request was on its way out. */
function notSent(route: string, error: unknown): Error {
  return error instanceof BgTasksError ? error : new ConnectionLostError(route, false, { cause: error });
}
