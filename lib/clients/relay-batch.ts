/**
 * Publishes the entries of one batch, in their order, and says what became of each.
 *
 * Shape:  the broker's trouble (away, blocked, no confirm) is nobody's failure: those entries stay as they are, and the relay
 *         pauses. An entry's own trouble (no such queue, refused) counts against that entry alone.
 */
import type { Broker } from '../broker/broker.js';
import { BgTasksError, ConnectionFailedError, messageOf, PublishFailedError } from '../errors.js';
import type { EntryResult, OutboxParts, StoredEntry } from './outbox.js';
import { sendWork } from './send-work.js';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 3_600_000;
const MAX_ERROR_LENGTH = 500;
/** What a publisher lets wait is bounded by 64 MiB, and others publish as well. */
const MAX_BYTES_AT_ONCE = 16 * 1024 * 1024;
/** With which a declaration is refused; anything else that fails one is a lost connection. */
const REFUSALS: readonly unknown[] = [403, 404, 405, 406];

export interface BatchOutcome {
  readonly results: readonly EntryResult[];
  /** Why the broker took no more. */
  readonly failure: unknown;
}

/** Undefined: confirmed. */
type Attempt = { readonly entry: StoredEntry; readonly error: unknown };

export async function publishBatch(parts: OutboxParts, entries: readonly StoredEntry[]): Promise<BatchOutcome> {
  const { broker } = parts;
  if (entries.length > 0) await checkBroker(broker);
  const results: EntryResult[] = [];
  let failure: unknown;
  const record = ({ entry, error }: Attempt) => {
    if (error === undefined) results.push({ id: entry.id, isSent: true });
    else if (isOfBroker(broker, entry, error)) failure ??= error;
    else results.push(failed(parts, entry, error));
  };
  for (const slice of slices(entries)) {
    if (failure !== undefined) break;
    // Declarations take turns, so the messages behind them keep their order.
    for (const attempt of await Promise.all(slice.map((entry) => publish(broker, entry)))) {
      record(attempt);
    }
  }
  return { results, failure };
}

async function checkBroker(broker: Broker): Promise<void> {
  await broker.connect();
  const { blockedBy } = broker;
  if (blockedBy === undefined) return;
  throw new PublishFailedError(`The broker takes no messages: ${blockedBy}.`, { blockedBy }, false);
}

async function publish(broker: Broker, entry: StoredEntry): Promise<Attempt> {
  try {
    if (entry.unreadable) throw entry.unreadable;
    await sendWork(broker, entry, (entry.dueAt ?? 0) - Date.now());
    return { entry, error: undefined };
  } catch (error) {
    return { entry, error: error ?? new Error('unknown') };
  }
}

function isOfBroker(broker: Broker, { message }: StoredEntry, error: unknown): boolean {
  if (!broker.isConnected) return true;
  if (error instanceof PublishFailedError) {
    // A refusal has a cause. Without one the message waited for too long, or found no room, as a huge one never may.
    const isOfTheTime = error.cause === undefined && message.body.length <= MAX_BYTES_AT_ONCE;
    return error.maybePublished || isOfTheTime;
  }
  return error instanceof ConnectionFailedError && !REFUSALS.includes(error.details.code);
}

function failed({ settings, log }: OutboxParts, entry: StoredEntry, error: unknown): EntryResult {
  const attempts = entry.attempts + 1;
  const isParked = attempts >= settings.maxAttempts;
  const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** entry.attempts);
  const { message } = entry;
  const facts = { id: entry.id, messageId: message.properties.messageId, to: message.exchange || message.routingKey };
  const reason = messageOf(error);
  if (isParked) log.error({ ...facts, attempts, reason }, 'outbox: message parked');
  else if (attempts === 1) log.warn({ ...facts, reason }, 'outbox: message cannot be published yet');
  const code = error instanceof BgTasksError ? `${error.code}: ` : '';
  return {
    id: entry.id,
    isSent: false,
    attempts,
    error: `${code}${reason}`.slice(0, MAX_ERROR_LENGTH),
    notBefore: isParked ? null : Date.now() + pauseMs,
  };
}

function slices(entries: readonly StoredEntry[]): readonly (readonly StoredEntry[])[] {
  const all: StoredEntry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    bytes += entry.message.body.length;
    if (bytes > MAX_BYTES_AT_ONCE) {
      all.push([]);
      bytes = entry.message.body.length;
    }
    all.at(-1)?.push(entry);
  }
  return all;
}
