/** A service of micro_framework: compile, then `node main.js`. `publish.ts` sends it events, and so may services in Python. */
import { asyncBackOff, eventListener, Route, Runner, time, webSocket } from 'bgtasks/compat';
import { settings } from './settings.js';
import { ask, congratulate, giveUp, join, sockets, type User, welcome } from './tasks.js';

const routes = [
  new Route({
    target: welcome,
    entrypoint: eventListener('accounts', 'created'),
    backoff: asyncBackOff({ maxRetries: 2, intervalMs: 1000, exceptionList: [TypeError] }), // three attempts
    callback: giveUp,
  }),
  new Route({
    target: congratulate,
    entrypoint: eventListener('accounts', 'created', { filter: ({ id }: User) => id === 100 }),
  }),
  new Route({
    target: new URL('./statistics.js#Statistics', import.meta.url),
    method: 'count',
    entrypoint: eventListener('accounts', 'created'),
    translators: [async (body, { log }, next) => next(body).finally(() => log.info({}, 'counted'))],
  }),
  // These only wait: they need no process of their own.
  new Route({ target: join, entrypoint: webSocket(), workerClass: 'inline' }),
  new Route({ target: ask, entrypoint: time(1), dependencies: { sockets }, workerClass: 'inline' }),
];

const runner = new Runner({ routes, settings });
const isMain = process.argv[1] === import.meta.filename; // the processes of the pool load this module as well

if (isMain) process.once('SIGTERM', () => void runner.stop()); // finishes what runs
await runner.start(); // nothing, in the processes of the pool
if (isMain) console.log('The runner is running');
