/**
 * A call becomes a message, and a message an answer:
 * encode -> pending call -> publish -> decode -> value or error.
 *
 * Every call settles: with a value or one typed error, at the latest after its timeout. The channel is opened by the
 * first call, and again by the first one after it was lost. Calls that are idempotent survive its loss: they are sent
 * again on the next one.
 */
import type { Broker, CallChannel, IncomingMessage, ReplyQueue } from '../broker/broker.js';
import type { Caller } from '../caller.js';
import {
  BadReplyError,
  BgTasksError,
  ConnectionLostError,
  messageOf,
  NoRouteError,
  RemoteError,
  RpcTimeoutError,
  ServiceStoppingError,
  ServiceUnavailableError,
} from '../errors.js';
import type { Logger } from '../logger.js';
import { during, type Observer } from '../monitoring/observer.js';
import { cancelMessage } from '../protocols/cancel.js';
import type { JsonNumbers } from '../protocols/json-numbers.js';
import type { Protocol, ProtocolName } from '../protocols/protocol.js';
import { signed } from '../protocols/signature.js';
import { currentScope } from '../scope.js';
import type { CallOptions } from '../tasks/remotes.js';
import { CallLine } from './call-line.js';
import { checkCallOptions } from './call-options.js';
import { pauseBetween } from './pause-between.js';
import { type PendingCall, PendingCalls } from './pending-calls.js';
import { TimeoutExplanations } from './timeout-explanations.js';
import { uniqueId } from './unique-id.js';

export interface RpcClientOptions {
  readonly broker: Broker;
  /** Of the task that is registered here under the route; else the default one. */
  readonly protocolOf: (route: string, name: ProtocolName | undefined) => Protocol;
  readonly rpcTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly json: JsonNumbers | undefined;
  readonly callerSecret: string | undefined;
  readonly replyQueue: 'direct' | 'exclusive';
  readonly observer?: Observer | undefined;
  readonly log: Logger;
}

interface Call extends PendingCall {
  readonly body: unknown;
  readonly protocol: Protocol;
  readonly line: CallLine;
  readonly queue: string | undefined;
  readonly caller: Caller;
  readonly isIdempotent: boolean;
  /** By the clock of `performance`. */
  readonly expiresAt: number;
  /** The channel that it was sent on; undefined until then. */
  channel: CallChannel | undefined;
  /** It has been sent once: its task may have run. */
  isSent: boolean;
}

export class RpcClient {
  readonly #options: RpcClientOptions;
  readonly pending: PendingCalls<Call>;
  readonly #explanations: TimeoutExplanations;
  /** By what the protocols ask for. */
  readonly #lines = new Map<ReplyQueue, CallLine>();
  #isClosed = false;

  constructor(options: RpcClientOptions) {
    this.#options = options;
    this.#explanations = new TimeoutExplanations(options.broker);
    this.pending = new PendingCalls({
      explain: ({ route, protocol, queue }) =>
        this.#explanations.explain(route, protocol.requestsOf(route, { queue }).queue),
      onAbort: (call) => this.#cancel(call),
    });
  }

  /** Throws at once what is wrong with the options. */
  call(route: string, body: unknown, options: CallOptions = {}): Promise<unknown> {
    checkCallOptions(route, options);
    const scope = currentScope();
    const timeoutMs = this.#timeoutFor(route, options.timeoutMs, scope?.deadline);
    if (scope) scope.calls += 1;
    const signal = either(options.signal, scope?.signal);
    const { observer } = this.#options;
    const caller = scope?.caller ?? {};
    const start = options.retry ? this.#callAgain : this.#callOnce;
    if (!observer) return start.call(this, route, body, timeoutMs, options, signal, caller);
    const activity = observer.call({ route, caller });
    return during(activity, () => start.call(this, route, body, timeoutMs, options, signal, activity.caller));
  }

  /** Calls that wait are failed: there is nobody to take their answer any more. */
  close(): void {
    this.#isClosed = true;
    this.pending.failAll(({ route }) => new ServiceStoppingError(`the call of "${route}" was given up`));
  }

  /** Again while nobody can be had, within one timeout for all of it. */
  async #callAgain(
    route: string,
    body: unknown,
    timeoutMs: number,
    options: CallOptions,
    signal: AbortSignal | undefined,
    caller: Caller,
  ): Promise<unknown> {
    const { retry = 0 } = options;
    const expiresAt = performance.now() + timeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#callOnce(route, body, expiresAt - performance.now(), options, signal, caller);
      } catch (error) {
        const isOver = attempt > retry || this.#isClosed || !(error instanceof ServiceUnavailableError);
        if (isOver || error instanceof RpcTimeoutError) throw error;
        await pauseBetween(attempt, signal);
        if (performance.now() >= expiresAt) throw error;
      }
    }
  }

  #callOnce(
    route: string,
    body: unknown,
    timeoutMs: number,
    options: CallOptions,
    signal: AbortSignal | undefined,
    caller: Caller,
  ): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new ServiceStoppingError(`"${route}" was not called`));
    const protocol = this.#options.protocolOf(route, options.protocol);
    const line = this.#lineOf(protocol);
    const call: Call = {
      id: uniqueId(),
      protocol,
      line,
      queue: options.queue,
      route,
      body,
      timeoutMs,
      caller,
      isIdempotent: options.idempotent ?? false,
      expiresAt: performance.now() + timeoutMs,
      channel: undefined,
      isSent: false,
    };
    const answer = this.pending.open(call, signal);
    if (line.channel) this.#send(line.channel, call);
    else void this.#sendOnceOpen(call);
    return answer;
  }

  /** No longer than the caller of this very code waits. */
  #timeoutFor(route: string, asked: number | undefined, deadline: number | undefined): number {
    const timeoutMs = asked ?? this.#options.rpcTimeoutMs;
    if (deadline === undefined) return timeoutMs;
    const leftMs = deadline - Date.now();
    if (leftMs <= 0) throw new RpcTimeoutError(route, 0);
    return Math.min(timeoutMs, leftMs);
  }

  /** A call that was sent before waits for a broker that is away; a new one learns of it at once. */
  async #sendOnceOpen(call: Call): Promise<void> {
    for (let attempt = 1; this.pending.get(call.id); attempt += 1) {
      try {
        this.#send(await call.line.open(), call);
        return;
      } catch (error) {
        if (!call.isSent || this.#isClosed) this.pending.fail(call.id, notSent(call, error));
        else await pauseBetween(attempt);
      }
    }
  }

  #send(channel: CallChannel, call: Call): void {
    const timeoutMs = call.expiresAt - performance.now();
    if (!this.pending.get(call.id) || timeoutMs <= 0) return; // given up meanwhile, or about to be
    const { id: correlationId, route, body, caller, protocol, queue } = call;
    const request = { route, body, correlationId, replyTo: channel.replyTo, timeoutMs, caller, queue };
    try {
      const { maxBodyBytes, json, callerSecret } = this.#options;
      channel.send(signed(protocol.encodeRequest(request, maxBodyBytes, json), callerSecret));
      call.channel = channel;
      call.isSent = true;
    } catch (error) {
      this.pending.fail(call.id, notSent(call, error));
    }
  }

  #lineOf({ replyQueue = this.#options.replyQueue }: Protocol): CallLine {
    const found = this.#lines.get(replyQueue);
    if (found) return found;
    const line = new CallLine(this.#options.broker, replyQueue, {
      onReply: (reply) => this.#onReply(reply),
      onReturn: (id, known) => this.#onReturn(id, known),
      onLost: (channel, cause) => this.#onLost(channel, cause),
    });
    this.#lines.set(replyQueue, line);
    return line;
  }

  #onReply(reply: IncomingMessage): void {
    const id = reply.properties.correlationId ?? '';
    const call = this.pending.get(id);
    if (call === undefined) {
      this.#options.log.debug({ correlationId: id }, 'reply dropped: nobody waits for it any more');
      return;
    }
    const { route, protocol } = call;
    this.#explanations.forget(route);
    try {
      const outcome = protocol.decodeReply(reply, this.#options.maxBodyBytes, this.#options.json);
      if (outcome === undefined) return; // of its progress
      if (outcome.error) this.pending.fail(id, new RemoteError(route, outcome.error));
      else this.pending.resolve(id, outcome.value);
    } catch (error) {
      this.pending.fail(id, new BadReplyError(route, messageOf(error), { cause: error }));
    }
  }

  #onReturn(id: string, known: readonly string[] | undefined): void {
    const route = this.pending.get(id)?.route;
    if (route !== undefined) this.pending.fail(id, new NoRouteError(route, known));
  }

  #onLost(channel: CallChannel, cause: Error | undefined): void {
    for (const call of this.pending.calls) {
      if (call.channel !== channel) continue;
      call.channel = undefined;
      if (call.isIdempotent && !this.#isClosed) void this.#sendOnceOpen(call);
      else this.pending.fail(call.id, new ConnectionLostError(call.route, true, cause && { cause }));
    }
  }

  /** Best effort: whoever runs it may stop. */
  #cancel({ id, route, isSent }: Call): void {
    if (!isSent || this.#isClosed) return;
    const { message, declarations } = cancelMessage(route, id);
    this.#options.broker.publish(message, { declarations, mandatory: false }).catch((error) => {
      this.#options.log.debug({ route, reason: messageOf(error) }, 'the abort of a call could not be sent');
    });
  }
}

/** The caller's own signal, and that of the response the call is made for. */
function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other);
}

/** What the broker's library throws of itself means that the connection went while the request was on its way out. */
function notSent({ route, isSent }: Call, error: unknown): Error {
  return error instanceof BgTasksError ? error : new ConnectionLostError(route, isSent, { cause: error });
}
