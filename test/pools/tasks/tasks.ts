/**
 * Tasks that do to their child what bad handlers do. Names begin with `BGTASKS_TEST_ROUTE`; effects go to the ledger in
 * `BGTASKS_TEST_LEDGER`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { call, currentCaller, currentTask, dependency, jobTask, rpcTask, type TaskContext } from 'bgtasks';
import { Ledger } from '../../support/ledger.js';

const { BGTASKS_TEST_ROUTE: route = '', BGTASKS_TEST_LEDGER: path = '' } = process.env;
const ledger = new Ledger(path);
const own = () => ({ pid: process.pid, threadId });

export class Busy extends Error {
  readonly status = 503;
}

export function burn(ms: number): void {
  for (const end = Date.now() + ms; Date.now() < end; );
}

rpcTask(`${route}.where`)(own);
rpcTask(`${route}.inline`, { pool: 'inline' })(own);
rpcTask(`${route}.thread`, { pool: 'thread' })(own);

rpcTask(`${route}.burn`)((ms: number, { redelivered }) => {
  ledger.effect(`burns in ${process.pid}`);
  burn(ms);
  return { ...own(), redelivered };
});

rpcTask(`${route}.wait`)(async ({ id, ms }: { id: string; ms: number }) => {
  ledger.effect(`started ${id}`);
  await sleep(ms);
  ledger.effect(id);
  return own();
});

rpcTask(`${route}.fail`)(() => {
  throw Object.assign(new Busy('no room'), { code: 'BUSY' });
});

rpcTask(`${route}.die`)(async (how: 'exit' | 'kill' | 'uncaught') => {
  if (how === 'exit') process.exit(7);
  if (how === 'kill') process.kill(process.pid, 'SIGKILL');
  setImmediate(() => {
    throw new Error('thrown where nobody catches');
  });
  await sleep(10_000);
});

rpcTask(`${route}.hang`, { timeoutMs: 200 })(() => burn(60_000));

rpcTask(`${route}.listens`, { timeoutMs: 100 })(async (_body: unknown, { signal }) => {
  await sleep(60_000, undefined, { signal });
});

rpcTask(`${route}.aborted`)(async (_body: unknown, { signal }) => {
  ledger.effect('waits');
  await sleep(60_000, undefined, { signal }).catch(() => {});
  ledger.effect(`aborted by ${(signal.reason as { code: string }).code}`);
});

rpcTask(`${route}.context`)((body: { at: Date }, context: TaskContext) => {
  const { messageId, attempt, deadline, signal, caller } = context;
  context.log.info({ said: 'in the child', pid: process.pid, tell: () => {} }, 'hello from a handler');
  return {
    body,
    route: context.route,
    attempt,
    caller,
    hasId: messageId.length > 0,
    hasDeadline: deadline !== undefined,
    isAborted: signal.aborted,
    isCurrent: currentTask() === context,
    isCurrentCaller: currentCaller().url === caller.url,
  };
});

const counter = dependency({
  setup: () => ({ pid: process.pid, calls: 0 }),
  get: (shared) => ({ pid: shared.pid, call: ++shared.calls }),
  close: ({ pid }) => ledger.effect(`closed in ${pid}`),
});
rpcTask(`${route}.deps`, { deps: { counter } })((_body: unknown, { deps }) => deps.counter);

rpcTask(`${route}.calls`)(async () => ({ ...own(), inline: await call(`${route}.inline`) }));
rpcTask(`${route}.answers`)((what: 'date' | 'nothing' | 'circle') => {
  if (what === 'nothing') return undefined;
  if (what === 'date') return { at: new Date(0), money: { toJSON: () => '1.50' } };
  const circle: { self?: unknown } = {};
  circle.self = circle;
  return circle;
});

const leak: Buffer[] = [];
rpcTask(`${route}.leak`)((mb: number) => {
  leak.push(Buffer.alloc(mb * 1024 * 1024, 1));
  return own();
});

const heap: unknown[] = [];
rpcTask(`${route}.heap`)(() => {
  for (;;) heap.push(new Array(1000).fill(heap.length));
});

jobTask(`${route}.poison`, { attempts: 2, backoff: 1 })(() => {
  ledger.effect(`poison`);
  process.exit(3);
});

jobTask(`${route}.retried`, { attempts: 3, backoff: 1, retryOn: [Busy] })((_body: unknown, { attempt }) => {
  ledger.effect(`attempt ${attempt}`);
  throw attempt < 2 ? new Busy('later') : new Error('never');
});

// One child runs one at a time: two more wait in the worker.
jobTask(`${route}.job`, { concurrency: 3 })(async ({ id, ms }: { id: number | string; ms: number }, { progress }) => {
  progress({ started: id });
  ledger.effect(`started ${id}`);
  await sleep(ms);
  ledger.effect(id);
  return own();
});
