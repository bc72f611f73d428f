/**
 * Tells the process that enqueued a job how it goes, where that process asked.
 *
 * Shape:  one progress is on its way at a time and the newest value follows it, so a handler cannot flood the broker; the
 *         end comes after the last progress. Nothing here fails a job.
 */
import type { Delivery, IncomingMessage } from '../broker/broker.js';
import { messageOf } from '../errors.js';
import { encodeOutcome, encodeProgress } from '../protocols/job-reply.js';
import type { Outcome, WorkInfo, WorkProtocol } from '../protocols/protocol.js';
import { isRepliesQueue } from '../topology/job-replies.js';
import { describeError } from './run-task.js';
import { isSuspect } from './suspect.js';
import type { WorkerParts } from './worker.js';

export class JobReply {
  readonly #parts: Pick<WorkerParts, 'broker' | 'settings'>;
  readonly #id: string;
  readonly #queue: string;
  /** Undefined: as jobs of ours, whose callers hear of progress as well. */
  readonly #encodeResult: WorkProtocol['encodeResult'];
  readonly #delivery: Delivery;
  #sending: Promise<void> | undefined;
  #next: IncomingMessage | undefined;

  /** Undefined where nobody asked. */
  static of(
    parts: Pick<WorkerParts, 'broker' | 'settings'>,
    { messageId, replyTo }: WorkInfo,
    { encodeResult }: WorkProtocol,
    delivery: Delivery,
  ): JobReply | undefined {
    const isAsked = encodeResult ? replyTo !== undefined : isRepliesQueue(replyTo);
    return isAsked ? new JobReply(parts, messageId, replyTo as string, encodeResult, delivery) : undefined;
  }

  private constructor(
    parts: Pick<WorkerParts, 'broker' | 'settings'>,
    id: string,
    queue: string,
    encodeResult: WorkProtocol['encodeResult'],
    delivery: Delivery,
  ) {
    this.#encodeResult = encodeResult;
    this.#delivery = delivery;
    this.#parts = parts;
    this.#id = id;
    this.#queue = queue;
  }

  progress(value: unknown): void {
    if (this.#encodeResult) return;
    const { maxBodyBytes, logger, json } = this.#parts.settings;
    try {
      this.#next = encodeProgress(this.#id, value, maxBodyBytes, json);
    } catch (error) {
      logger.warn({ messageId: this.#id, reason: messageOf(error) }, 'progress could not be written');
      return;
    }
    this.#sending ??= this.#sendNewest().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Before the delivery is settled: a result that is lost with the process is made again. */
  async end(outcome: Outcome): Promise<void> {
    await this.#sending;
    if (isSuspect(this.#delivery, this.#queue)) this.#delivery.ack();
    await this.#send(this.#encoded(outcome));
  }

  async fail(error: unknown): Promise<void> {
    await this.end({ error: describeError(error) });
  }

  /** A result that cannot be written is not the failure of a job that is done; who asked for it learns why. */
  #encoded(outcome: Outcome): IncomingMessage {
    const { maxBodyBytes, logger, json } = this.#parts.settings;
    const encode = this.#encodeResult ?? encodeOutcome;
    try {
      return encode(this.#id, outcome, maxBodyBytes, json);
    } catch (error) {
      logger.warn({ messageId: this.#id, reason: messageOf(error) }, 'result could not be written');
      return encode(this.#id, { error: describeError(error) }, maxBodyBytes);
    }
  }

  async #sendNewest(): Promise<void> {
    for (let next = this.#next; next; next = this.#next) {
      this.#next = undefined;
      await this.#send(next);
    }
  }

  /** Not mandatory: who asked may be gone. */
  async #send(message: IncomingMessage): Promise<void> {
    const { broker, settings } = this.#parts;
    const outgoing = { ...message, exchange: '', routingKey: this.#queue };
    await broker.publish(outgoing, { mandatory: false }).catch((error) => {
      settings.logger.warn({ messageId: this.#id, reason: messageOf(error) }, 'result or progress of a job is lost');
    });
  }
}
