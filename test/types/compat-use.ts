/** What must compile, and what must not, of Runner and Route: checked by the build, run by nobody. */
import { call, currentTask, dependency, type TaskContext } from 'bgtasks';
import { asyncBackOff, eventListener, Route, Runner, rpc, time, webSocket } from 'bgtasks/compat';
import { assertType, type Equal } from './equal.js';

interface User {
  id: number;
}

const db = dependency({ setup: () => new Map<number, string>() });

class Mails {
  send(user: User) {
    return user.id;
  }
}

async function onCreated(user: User, context: TaskContext) {
  return [user.id, context.attempt];
}

const failed = (user: User, { failure }: TaskContext) => [user.id, failure?.message];

export const routes: readonly Route[] = [
  new Route({
    target: onCreated,
    entrypoint: eventListener('users', 'created', { filter: (user: User) => user.id > 1 }),
    backoff: asyncBackOff({ maxRetries: 5, intervalMs: 10_000, exceptionList: [TypeError] }),
    callback: failed,
  }),
  new Route({
    target: (user: User, { deps }) => {
      assertType<Equal<typeof deps.db, Map<number, string>>>();
      return deps.db.get(user.id);
    },
    entrypoint: eventListener('users', 'renamed', { name: 'on_renamed' }),
    dependencies: { db },
    translators: [async (body, _context, next) => next(body)],
    before: (user, context) => {
      assertType<Equal<typeof user, User>>();
      assertType<Equal<typeof context, TaskContext>>();
    },
    after: (answer) => {
      assertType<Equal<typeof answer, unknown>>();
    },
  }),
  new Route({
    target: (body) => {
      assertType<Equal<typeof body, unknown>>();
    },
    entrypoint: eventListener('users', 'removed'),
  }),
  new Route({
    target: (body) => {
      assertType<Equal<typeof body, { id: number; email: string }>>(); // as `Events` has it
    },
    entrypoint: eventListener('users', 'types.created', { filter: ({ email }) => email !== '' }),
  }),
  new Route({ target: Mails, method: 'send', entrypoint: eventListener('users', 'created'), workerClass: 'process' }),
  new Route({ target: './tasks.js#add', entrypoint: rpc('add', { params: ['a', 'b?'] }) }),
  new Route({ target: new URL('./tasks.js#add', 'file:///'), entrypoint: webSocket() }),
  new Route({
    target: ({ at }, { log }) => log.info({ at: at.getTime() }, 'tick'),
    entrypoint: time(10),
    dependencies: { db },
  }),
  new Route({ target: (a: number, b: string) => `${a}${b}${currentTask()?.route}`, entrypoint: rpc() }),
  // @ts-expect-error no entrypoint
  new Route({ target: onCreated, entrypoint: {} }),
  // @ts-expect-error nor is it left out
  new Route({ target: onCreated }),
  // @ts-expect-error no such pool
  new Route({ target: onCreated, entrypoint: eventListener('a', 'b'), workerClass: 'fibre' }),
  // @ts-expect-error no such dependency
  new Route({ target: (_body: User, { deps }) => deps.db, entrypoint: eventListener('a', 'b') }),
  // @ts-expect-error a clock has no body of its own
  new Route({ target: onCreated, entrypoint: time(10) }),
  // @ts-expect-error not what dependency(...) gave
  new Route({ target: Mails, method: 'send', entrypoint: rpc(), dependencies: { db: 1 } }),
];

// @ts-expect-error only events come again
new Route({ target: () => 1, entrypoint: rpc(), backoff: asyncBackOff() });
// @ts-expect-error the names are ours
asyncBackOff({ max_retries: 5 });
// @ts-expect-error seconds are a number
time('10 s');

export async function use() {
  const runner = new Runner({
    routes,
    settings: { AMQP_URI: process.env.AMQP_URI, MAX_WORKERS: 3, WORKER_MODE: 'greedy_process', rpcTimeoutMs: 500 },
  });
  await runner.start();
  await runner.service.emit('created', { id: 1 }, { protocol: 'micro-framework' });
  await call('x');
  await runner.stop();
  // @ts-expect-error no such mode
  new Runner({ routes, settings: { WORKER_MODE: 'fibre' } });
  // @ts-expect-error settings are known
  new Runner({ routes, settings: { MAX_WORKER: 3 } });
}
