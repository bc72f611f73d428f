/** `bgtasks dead show <queue>`: dead letters with what is known of their failure. They stay where they are. */
import { InvalidArgumentError } from 'commander';
import type { Delivery } from '../../lib/broker/broker.js';
import { readFailure } from '../../lib/protocols/failure.js';
import { type AddCommand, oneLine, reporting, wholeNumber } from '../command.js';
import { EXIT } from '../exit.js';
import { countOf, deadQueueNamed, eachMessage, withBroker } from './queues.js';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;
const MAX_BODY = 300;

interface ShowFlags {
  readonly url?: string;
  readonly limit: number;
  readonly json?: boolean;
}

export const addShow: AddCommand = (dead, context) => {
  dead
    .command('show')
    .description('show dead letters and why they failed; they stay in their queue, perhaps in another order')
    .argument('<queue>', 'the queue of a job, of a listener or of a schedule, or that of its dead letters')
    .option('--limit <n>', `at most so many (up to ${MAX_LIMIT})`, readLimit, DEFAULT_LIMIT)
    .option('--url <url>', 'where the broker is')
    .option('--json', 'as JSON')
    .action((name: string, { url, limit, json = false }: ShowFlags) =>
      reporting(context, async () => {
        const queue = deadQueueNamed(name);
        const letters: Letter[] = [];
        await withBroker(context, url, async (broker) => {
          const count = Math.min(limit, await countOf(broker, queue));
          await eachMessage(broker, queue, { count, prefetch: limit, onLost: () => letters.splice(0) }, (delivery) => {
            letters.push(letter(delivery));
            return false;
          });
        });
        context.output.out(json ? `${JSON.stringify(letters, null, 2)}\n` : asText(letters));
        return EXIT.done;
      }),
    );
};

type Letter = ReturnType<typeof letter>;

/** Either our own headers tell, or, where the broker itself took the message out, its `x-death`. */
function letter({ body, properties, routingKey }: Delivery) {
  const failure = readFailure(properties.headers);
  const { queue, reason, count, time } = lastDeath(properties.headers);
  return {
    messageId: properties.messageId ?? null,
    routingKey,
    body: shortened(body),
    bytes: body.length,
    code: failure?.code ?? text(reason) ?? null,
    message: failure?.message ?? (text(queue) ? `taken out of the queue "${text(queue)}" by the broker` : null),
    attempts: failure?.attempts ?? (typeof count === 'number' ? count : null),
    firstFailedAt: failure ? iso(failure.firstFailedAt) : null,
    failedAt: failure ? iso(failure.failedAt) : iso(secondsOf(time) * 1000),
  };
}

function lastDeath(headers: Delivery['properties']['headers']): Readonly<Record<string, unknown>> {
  const deaths = headers?.['x-death'];
  const [last] = Array.isArray(deaths) ? deaths : [];
  return typeof last === 'object' && last !== null ? last : {};
}

/** A timestamp of AMQP, as amqplib gives it: `{ '!': 'timestamp', value }`. */
function secondsOf(time: unknown): number {
  const { value } = (time ?? {}) as { value?: unknown };
  return typeof value === 'number' ? value : Number.NaN;
}

function iso(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What is no text (compressed, for one) is shown as the bytes that it begins with. */
function shortened(body: Buffer): string {
  const isText = !body.subarray(0, MAX_BODY * 4).includes(0) && !body.toString('utf8', 0, MAX_BODY).includes('\ufffd');
  const shown = isText ? printable(body.toString('utf8')) : body.toString('hex', 0, MAX_BODY / 4);
  return shown.length > MAX_BODY ? `${shown.slice(0, MAX_BODY)}...` : shown;
}

/** A message must not move the cursor of a terminal, nor change its colours. */
function printable(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return value.slice(0, MAX_BODY + 1).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function asText(letters: readonly Letter[]): string {
  if (letters.length === 0) return 'No dead letters.\n';
  return letters
    .map(({ messageId, failedAt, attempts, code, message, body }) => {
      const head = [
        failedAt ?? 'at an unknown time',
        messageId ?? 'without an id',
        `attempts: ${attempts ?? 'unknown'}`,
      ];
      const why = printable(oneLine(`${code ?? 'unknown'}: ${message ?? 'nothing is known of its failure'}`));
      return `${printable(head.join('  '))}\n  ${why}\n  ${body}\n`;
    })
    .join('\n');
}

function readLimit(value: string): number {
  const fail = (message: string) => new InvalidArgumentError(message);
  const limit = wholeNumber('--limit', value, fail);
  if (limit > MAX_LIMIT) throw fail(`--limit must be at most ${MAX_LIMIT}.`);
  return limit;
}
