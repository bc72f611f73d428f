/**
 * One client of the server: its messages become commands, and their outcomes its answers.
 *
 * Shape:  commands with an id run side by side; those without run one after the other, so that their answers are in order.
 * Bounds: `maxInFlight` commands at once, those that wait for their turn included, and `maxMessagesPerSecond`: beyond, it is
 *         not read, nor while it does not read its own answers.
 */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { Caller } from '../../caller.js';
import type { Logger } from '../../logger.js';
import {
  BUSY_OUTCOME,
  type CommandId,
  readCommand,
  type SocketCommand,
  writeReply,
} from '../../protocols/micro-framework/socket-command.js';
import type { Outcome } from '../../protocols/protocol.js';
import type { WebSocketSettings } from '../../settings/websocket.js';
import type { WebSocketWorker } from '../../worker/websocket-worker.js';
import { RateLimit } from './rate-limit.js';

/** Above, the client is not read until what is written to it has gone below. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Close codes of RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

export interface SessionParts {
  readonly worker: WebSocketWorker;
  readonly settings: WebSocketSettings;
  /** The largest answer. */
  readonly maxAnswerBytes: number;
  readonly logger: Logger;
}

type PauseReason = 'rate' | 'calls' | 'answers';

export class Session {
  readonly #socket: WebSocket;
  readonly #caller: Caller;
  readonly #parts: SessionParts;
  readonly #rate: RateLimit;
  /** The runs of this client, so that they can be aborted with it. */
  readonly #runs = new Set<string>();
  readonly #pausedBy = new Set<PauseReason>();
  #inFlight = 0;
  #inOrder: Promise<void> = Promise.resolve();
  #isAlive = true;

  constructor(socket: WebSocket, caller: Caller, parts: SessionParts) {
    this.#socket = socket;
    this.#caller = caller;
    this.#parts = parts;
    this.#rate = new RateLimit(parts.settings.maxMessagesPerSecond, (isOver) => this.#pause('rate', isOver));
    // `binaryType` is 'nodebuffer', so ws gives nothing else.
    socket.on('message', (data) => this.#onMessage(data as Buffer));
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('error', (error) => parts.logger.debug({ reason: error.message }, 'websocket client failed'));
    socket.on('close', () => this.#onClose());
  }

  /** Ends the socket of a client that has said nothing since the last ping. */
  ping(): void {
    // While it is not read for its many calls, it cannot be heard either.
    if (!this.#isAlive && !this.#pausedBy.has('calls')) this.#socket.terminate();
    this.#isAlive = false;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  close(): void {
    this.#socket.close(GOING_AWAY, 'The service stops.');
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #onMessage(bytes: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return; // what comes after the goodbye
    this.#isAlive = true;
    this.#rate.count();
    const command = readCommand(bytes, this.#parts.settings.maxBodyBytes);
    if (!command) {
      this.#socket.close(POLICY_VIOLATION, 'A message without a command.');
      return;
    }
    // Those that had arrived before it was no longer read are told to come again.
    const isFull = this.#inFlight >= this.#parts.settings.maxInFlight;
    void this.#answer(command.id, async () => {
      if ('refused' in command) return command.refused;
      return isFull ? BUSY_OUTCOME : this.#run(command);
    })
      .catch((error) => this.#parts.logger.error({ err: error }, 'websocket answer could not be sent'))
      .finally(() => this.#count(-1));
    this.#count(1);
  }

  #count(change: 1 | -1): void {
    this.#inFlight += change;
    this.#pause('calls', this.#inFlight >= this.#parts.settings.maxInFlight);
  }

  async #answer(id: CommandId | undefined, run: () => Promise<Outcome>): Promise<void> {
    if (id !== undefined) return this.#send(await run(), id);
    this.#inOrder = this.#inOrder.then(async () => {
      if (this.#socket.readyState === this.#socket.OPEN) this.#send(await run(), undefined);
    });
    return this.#inOrder;
  }

  async #run(command: SocketCommand): Promise<Outcome> {
    const callId = randomUUID();
    this.#runs.add(callId);
    return this.#parts.worker.run(command, this.#caller, callId).finally(() => this.#runs.delete(callId));
  }

  #send(outcome: Outcome, id: CommandId | undefined): void {
    const { settings, maxAnswerBytes, logger } = this.#parts;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > settings.maxBufferedBytes) {
      logger.warn({ bufferedBytes: this.#socket.bufferedAmount }, 'websocket client ended: it reads no answers');
      this.#socket.terminate();
      return;
    }
    const text = writeReply(outcome, id, maxAnswerBytes);
    this.#socket.send(text, { binary: false }, () => this.#pause('answers', this.#isBehind()));
    if (this.#isBehind()) this.#pause('answers', true);
  }

  #isBehind(): boolean {
    return this.#socket.bufferedAmount > HIGH_WATER_BYTES;
  }

  #pause(reason: PauseReason, isOver: boolean): void {
    if (isOver === this.#pausedBy.has(reason)) return;
    if (isOver) this.#pausedBy.add(reason);
    else this.#pausedBy.delete(reason);
    if (this.#pausedBy.size > 0) this.#socket.pause();
    else this.#socket.resume();
  }

  #onClose(): void {
    this.#rate.stop();
    for (const callId of this.#runs) this.#parts.worker.abort(callId);
  }
}
