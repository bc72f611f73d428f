/** What must compile, and what must not, of outbox and inbox. Nothing here is run. */
import {
  configure,
  emit,
  enqueue,
  type Job,
  type JobTask,
  jobTask,
  onEvent,
  type StandardSchemaV1,
  type TaskContext,
} from 'bgtasks';
import { InboxMessage, inTransaction, OutboxMessage } from 'bgtasks/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { assertType, type Equal } from './equal.js';

const dataSource = new DataSource({ type: 'sqljs', entities: [OutboxMessage, InboxMessage] });
declare const schema: StandardSchemaV1<{ n: string }, { n: number }>;

export function settings() {
  configure({ dataSource, outbox: true });
  configure({ dataSource, outbox: { pollMs: 500, batchSize: 10, maxAttempts: 3 } });
  // @ts-expect-error the unit is part of the name
  configure({ dataSource, outbox: { poll: 500 } });
}

export async function sending(manager: EntityManager) {
  const job = jobTask('a')((_body: { to: string }) => 1);
  await job.enqueue({ to: 'x' }, { manager, delayMs: 5 });
  assertType<Equal<Awaited<ReturnType<typeof job.enqueue>>, Job<number>>>();
  await enqueue('a', 1, { manager });
  await emit('a', 1, { manager });
  // @ts-expect-error a manager is an object
  await enqueue('a', 1, { manager: 'x' });
}

export function receiving() {
  const claimed = jobTask('b')(
    inTransaction(async (body: { to: string }, context, manager) => {
      assertType<Equal<typeof context, TaskContext>>();
      assertType<Equal<typeof manager, EntityManager>>();
      return body.to;
    }),
  );
  assertType<Equal<typeof claimed, JobTask<'b', { to: string }, string | undefined>>>();

  const checked = jobTask('c', { body: schema })(
    inTransaction((body, _context, _manager) => {
      assertType<Equal<typeof body, { n: number }>>();
    }),
  );
  checked.enqueue({ n: '1' });
  // @ts-expect-error what is sent is what the schema reads
  checked.enqueue({ n: 1 });

  onEvent(
    'users',
    'user.created',
  )(
    inTransaction(async (body: { id: number }, _context, manager) => {
      await manager.query('SELECT 1', [body.id]);
    }),
  );
}
