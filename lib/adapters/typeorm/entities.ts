/**
 * The tables of outbox and inbox, for `entities` of a data source. They are the user's: synchronised or migrated with the
 * others (`docs/outbox.md` has the SQL).
 *
 * Units:  times are epoch milliseconds.
 * Shape:  columns of types that every database of TypeORM has, under names that read well in SQL.
 */
import { EntitySchema, type ValueTransformer } from 'typeorm';

/** A message that waits for its commit to be published. */
export interface OutboxMessage {
  /** Sorts by the time of insertion. */
  id: string;
  exchange: string;
  routingKey: string;
  /** As text where it is one, so that it can be read in the table; else as base64, which `encoding` says. */
  body: string;
  encoding: 'utf8' | 'base64';
  properties: object;
  /** Exchanges, queues and bindings that the message needs, as far as who stored it knew. */
  declarations: readonly object[];
  mandatory: boolean;
  dueAt: string | number | null;
  createdAt: string | number;
  /** Failures so far that were the message's own. */
  attempts: number;
  lastError: string | null;
  /** Not tried before. Null: parked, after `maxAttempts` failures. */
  notBefore: string | number | null;
}

/** A message whose handler has run, as part of what that run has changed. */
export interface InboxMessage {
  messageId: string;
  /** Service and task: two listeners of one event both run. */
  consumer: string;
  /** Which run has inserted this row. */
  runId: string;
  receivedAt: string | number;
}

/** As `simple-json`, but what is no JSON is read as null: one such row would keep all others from being read. */
const JSON_TEXT: ValueTransformer = {
  to: (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : value),
  from: (text: unknown) => {
    try {
      return typeof text === 'string' ? JSON.parse(text) : text;
    } catch {
      return null;
    }
  },
};

export const OutboxMessage = new EntitySchema<OutboxMessage>({
  name: 'BgtasksOutboxMessage',
  tableName: 'bgtasks_outbox',
  columns: {
    id: { type: 'varchar', length: 36, primary: true },
    exchange: { type: 'varchar', length: 255 },
    routingKey: { type: 'varchar', length: 255, name: 'routing_key' },
    body: { type: 'text' },
    encoding: { type: 'varchar', length: 10 },
    properties: { type: 'text', transformer: JSON_TEXT },
    declarations: { type: 'text', transformer: JSON_TEXT },
    mandatory: { type: Boolean },
    dueAt: { type: 'bigint', nullable: true, name: 'due_at' },
    createdAt: { type: 'bigint', name: 'created_at' },
    attempts: { type: Number, default: 0 },
    lastError: { type: 'text', nullable: true, name: 'last_error' },
    notBefore: { type: 'bigint', nullable: true, name: 'not_before' },
  },
});

export const InboxMessage = new EntitySchema<InboxMessage>({
  name: 'BgtasksInboxMessage',
  tableName: 'bgtasks_inbox',
  columns: {
    messageId: { type: 'varchar', length: 255, primary: true, name: 'message_id' },
    consumer: { type: 'varchar', length: 255, primary: true },
    runId: { type: 'varchar', length: 36, name: 'run_id' },
    receivedAt: { type: 'bigint', name: 'received_at' },
  },
  indices: [{ name: 'bgtasks_inbox_received', columns: ['consumer', 'receivedAt'] }],
});
