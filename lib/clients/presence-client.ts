/** Asks who is there, and gathers the answers that come while one waits. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, CallChannel, IncomingMessage } from '../broker/broker.js';
import { ConnectionFailedError } from '../errors.js';
import { CONTROL_EXCHANGE } from '../protocols/control.js';
import { type PresenceAnswer, type Question, readAnswer, writeQuestion } from '../protocols/presence.js';

export interface AskOptions {
  /** Default: every service. */
  readonly service?: string | undefined;
  /** How long answers are gathered. */
  readonly waitMs: number;
}

/** More would be no table any more; it bounds what a flood of answers can cost. */
const MAX_ANSWERS = 10_000;

export class PresenceClient {
  readonly #broker: Broker;
  readonly #maxBodyBytes: number;
  readonly #gathering = new Map<string, PresenceAnswer[]>();
  #channel: Promise<CallChannel> | undefined;

  constructor(broker: Broker, maxBodyBytes: number) {
    this.#broker = broker;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** By service, host and process. Rejects with `CONNECTION_FAILED` where the broker cannot be reached. */
  async ask(question: Question, { service, waitMs }: AskOptions): Promise<readonly PresenceAnswer[]> {
    const correlationId = randomUUID();
    const answers: PresenceAnswer[] = [];
    this.#gathering.set(correlationId, answers);
    try {
      const channel = await this.#open();
      const message = writeQuestion({ question, service, correlationId, replyTo: channel.replyTo, waitMs });
      channel.send(message, { mandatory: false }); // nobody may be there
      await sleep(waitMs);
    } finally {
      this.#gathering.delete(correlationId);
    }
    if (!this.#channel) throw new ConnectionFailedError('The connection was lost while answers were gathered.', {});
    return answers.sort((a, b) => compare(keyOf(a), keyOf(b)));
  }

  #open(): Promise<CallChannel> {
    this.#channel ??= this.#openChannel().catch((error) => {
      this.#channel = undefined;
      throw error;
    });
    return this.#channel;
  }

  async #openChannel(): Promise<CallChannel> {
    await this.#broker.declare([{ exchange: CONTROL_EXCHANGE }]);
    return this.#broker.openCalls({
      onReply: (reply) => this.#take(reply),
      onReturn: () => {},
      onLost: () => {
        this.#channel = undefined;
      },
    });
  }

  #take(reply: IncomingMessage): void {
    const answers = this.#gathering.get(reply.properties.correlationId ?? '');
    if (!answers || answers.length >= MAX_ANSWERS) return;
    const answer = readAnswer(reply, this.#maxBodyBytes);
    if (answer) answers.push(answer);
  }
}

function keyOf({ instance: { service = '', host, pid } }: PresenceAnswer): string {
  return `${service}\0${host}\0${String(pid).padStart(10, '0')}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
