/**
 * Exactly-once effects: a handler whose changes and whose message id are committed together. A message that comes again
 * finds its id and is dropped.
 *
 * Shape:  the id is inserted first. A duplicate that comes during the first run waits for its end: after a commit it is
 *         dropped, after a rollback it runs.
 * Bounds: ids are kept for `retentionMs`, and removed after a run, about once an hour per task and process.
 */
import { randomUUID } from 'node:crypto';
import { type DataSource, type EntityManager, LessThan } from 'typeorm';
import { BgTasksError, preview } from '../../errors.js';
import { serviceInUse } from '../../service/default-service.js';
import type { Service } from '../../service/service.js';
import type { TaskContext } from '../../tasks/task.js';
import { InboxMessage } from './entities.js';
import { inTurn } from './one-connection.js';

const DAY_MS = 86_400_000;
const CLEANING_MS = 3_600_000;

export interface InTransactionOptions {
  /** Where the transaction is. Default: `dataSource` of the service. */
  dataSource?: DataSource;
  /** How long ids are kept: a duplicate that comes later runs again. Default: 7 days. */
  retentionMs?: number;
}

/**
 * The handler of a job or an event, in a transaction of its own; what it changes through `manager` happens once per message.
 * `jobTask('order.pay')(inTransaction(async (body, context, manager) => { ... }))`.
 */
export function inTransaction<B, A>(
  handler: (body: B, context: TaskContext, manager: EntityManager) => A | Promise<A>,
  options: InTransactionOptions = {},
): (body: B, context: TaskContext) => Promise<A | undefined> {
  const { retentionMs = 7 * DAY_MS } = options;
  if (typeof handler !== 'function') throw invalid(`needs a function, not ${preview(handler)}.`);
  if (!(retentionMs > 0)) throw invalid(`"retentionMs" must be milliseconds above 0, not ${preview(retentionMs)}.`);
  /** By consumer: one handler may be that of several tasks. */
  const cleanedAt = new Map<string, number>();

  return async (body, context) => {
    const service = serviceInUse();
    const { route, messageId, log } = context;
    const dataSource = options.dataSource ?? dataSourceOf(service, route);
    const consumer = consumerOf(service, route);
    const run = async (manager: EntityManager) => {
      if (await isFirst(manager, messageId, consumer)) return handler(body, context, manager);
      log.info({ route, messageId }, 'dropped: it has run before');
      return undefined;
    };
    const answer = await inTurn(dataSource, () => dataSource.transaction(run));
    const now = Date.now();
    if (now - (cleanedAt.get(consumer) ?? 0) >= CLEANING_MS) {
      cleanedAt.set(consumer, now);
      // What has run stays done, whatever becomes of this.
      await removeOld(dataSource, consumer, now - retentionMs).catch((error) =>
        log.warn({ route, err: error }, 'inbox: old rows could not be removed'),
      );
    }
    return answer;
  };
}

/** An insert that does nothing where the row is there already, after having waited for whoever inserts it right now. */
async function isFirst(manager: EntityManager, messageId: string, consumer: string): Promise<boolean> {
  const runId = randomUUID();
  const row = { messageId, consumer, runId, receivedAt: Date.now() };
  await manager.createQueryBuilder().insert().into(InboxMessage).values(row).orIgnore().updateEntity(false).execute();
  // Drivers do not agree on how they tell whether a row was inserted.
  const found = await manager.findOneBy(InboxMessage, { messageId, consumer });
  return found?.runId === runId;
}

async function removeOld(dataSource: DataSource, consumer: string, before: number): Promise<void> {
  await dataSource.manager.delete(InboxMessage, { consumer, receivedAt: LessThan(before) });
}

function consumerOf({ settings, internals }: Service, route: string): string {
  const kind = internals.registry.get(route)?.kind;
  if (kind === 'rpc') throw invalid(`is for jobs and events; "${route}" answers, and a duplicate would get no answer.`);
  const { serviceName } = settings;
  return serviceName === undefined ? route : `${serviceName}/${route}`;
}

function dataSourceOf({ settings }: Service, route: string): DataSource {
  if (settings.dataSource) return settings.dataSource as DataSource;
  throw invalid(`of "${route}" needs the setting "dataSource", or its option of that name.`);
}

function invalid(problem: string): BgTasksError {
  return new BgTasksError('USAGE', `inTransaction(...) ${problem}`);
}
