/** Each mistake in a Route or a Runner: one line that names it, before anything is opened. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BgTasksError, dependency } from 'bgtasks';
import { asyncBackOff, eventListener, Route, Runner, rpc, time, webSocket } from 'bgtasks/compat';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { rejection } from '../support/rejection.js';

const TASKS = new URL('./tasks.js', import.meta.url).href;
const HERE = relative(process.cwd(), fileURLToPath(import.meta.url));
/** Where no broker is: whoever asks it fails in another way. */
const settings = { AMQP_URI: 'amqp://127.0.0.1:1/', SERVICE_NAME: 'mails', logger: silentLogger };

class Mails {
  send() {}
}
const send = () => {};
const entrypoint = eventListener('users', 'created');

describe('a Route that cannot be', () => {
  for (const [name, options, code, message] of [
    ['no target', { entrypoint }, 'INVALID_TASK', /must be a function, a class or a path, not undefined/],
    [
      'an entrypoint that is none',
      { target: send, entrypoint: 'created' },
      'INVALID_TASK',
      /^The Route of "send" \(.*misuse\.test\.\w+:\d+:\d+\): "entrypoint" must be what eventListener, .+, not "created"/,
    ],
    [
      'a class without the method',
      { target: Mails, method: 'sent', entrypoint },
      'INVALID_TASK',
      /^The target "Mails" has no method "sent"\. Check the name\.$/,
    ],
    [
      'a class without "call"',
      { target: Mails, entrypoint },
      'INVALID_TASK',
      /^The target "Mails" has no method "call"\. Add it, or say which one it is: method: "\.\.\." of its Route\.$/,
    ],
    [
      'a path that does not exist',
      { target: './nosuch.js#send', entrypoint },
      'MODULE_FAILED',
      /^The target "\.\/nosuch\.js#send": there is no file \/.*nosuch\.js\. A text is relative to the working directory;/,
    ],
    ['a path without an export', { target: './tasks.js', entrypoint }, 'INVALID_TASK', /"\.\/tasks\.js" must name an/],
    ['a URL that is no file', { target: new URL('http://x/#y'), entrypoint }, 'INVALID_TASK', /must be a file/],
    [
      'an unknown option',
      { target: send, entrypoint, backOff: 1 },
      'INVALID_TASK',
      /no option "backOff"\. Options are/,
    ],
    ['no name', { target: [() => {}][0], entrypoint }, 'INVALID_TASK', /the function has no name: give it one, or/],
    [
      'dependencies that are none',
      { target: send, entrypoint, dependencies: { db: 1 } },
      'INVALID_TASK',
      /"dependencies\.db" must be what dependency\(\.\.\.\) gave, not 1/,
    ],
    [
      'translators that are none',
      { target: send, entrypoint, translators: send },
      'INVALID_TASK',
      /"translators" must/,
    ],
    ['a workerClass that is none', { target: send, entrypoint, workerClass: 'fibre' }, 'INVALID_TASK', /not "fibre"/],
    ['a hook that is none', { target: send, entrypoint, after: 'x' }, 'INVALID_TASK', /"after" must be a function/],
    ['a backoff that is none', { target: send, entrypoint, backoff: 5 }, 'INVALID_TASK', /"backoff" must be what/],
    [
      'a class as callback',
      { target: send, entrypoint, callback: class Failed { call() {} } }, // biome-ignore format: one line
      'INVALID_TASK',
      /"callback" must be a function or a path, not the class of "Failed\.call"/,
    ],
    [
      'a backoff of a clock',
      { target: send, entrypoint: time(10), backoff: asyncBackOff() },
      'INVALID_TASK',
      /"backoff" is for eventListener\(\.\.\.\): only an event comes again\. Remove it\.$/,
    ],
    ['a callback of a call', { target: send, entrypoint: rpc(), callback: send }, 'INVALID_TASK', /"callback" is for/],
  ] as const) {
    it(`is refused where it is made: ${name}`, () => {
      expect(() => new (Route as new (options: object) => Route)(options))
        .to.throw(BgTasksError, message)
        .with.property('code', code);
    });
  }

  it('has no entrypoint that was made wrong', () => {
    for (const [make, message] of [
      [() => time(0), 'time(...) takes seconds, at least 1, not 0.'],
      [() => time('10 s' as never), 'time(...) takes seconds, at least 1, not "10 s".'],
      [() => eventListener('a', 'b', { payload_filter: send } as never), 'no option "payload_filter"'],
      [() => rpc('a', ['b'] as never), 'rpc(...) takes an object of options, not ["b"].'],
      [() => webSocket('a', { param: [] } as never), 'no option "param"'],
    ] as const) {
      expect(make).to.throw(BgTasksError, message).with.property('code', 'INVALID_TASK');
    }
  });
});

describe('a Runner that cannot be', () => {
  it('is refused where its routes are none', () => {
    for (const routes of [undefined, 'x', [{ target: send, entrypoint }]]) {
      expect(() => new Runner({ routes: routes as never, settings }))
        .to.throw(BgTasksError, /takes a list of new Route\(\.\.\.\), not/)
        .with.property('code', 'INVALID_TASK');
    }
  });

  it('is refused where two routes are the same, with the places of both', () => {
    const routes = [new Route({ target: send, entrypoint }), new Route({ target: send, entrypoint })];
    expect(() => new Runner({ routes, settings }))
      .to.throw(BgTasksError, `Two Routes are "users.created__send": at ${HERE}:`)
      .with.property('code', 'DUPLICATE_TASK');
    const named = eventListener('users', 'created', { name: 'again' });
    new Runner({
      routes: [new Route({ target: send, entrypoint }), new Route({ target: send, entrypoint: named })],
      settings,
    });
  });

  it('is refused without a name where queues need one', () => {
    const routes = [new Route({ target: send, entrypoint: rpc() })];
    expect(() => new Runner({ routes }))
      .to.throw(BgTasksError, 'needs the setting "SERVICE_NAME"')
      .with.property('code', 'INVALID_SETTING');
    new Runner({ routes: [new Route({ target: send, entrypoint: webSocket() })] });
  });

  it('is refused where the service refuses a route', () => {
    const wrong = eventListener('users', 'created', { name: 'a b' });
    expect(() => new Runner({ routes: [new Route({ target: send, entrypoint: wrong })], settings }))
      .to.throw(BgTasksError, '"name" must consist of letters')
      .with.property('code', 'INVALID_TASK');
  });
});

describe('a Runner that cannot start', () => {
  const start = async (route: Route, more: object = {}) =>
    (await rejection(new Runner({ routes: [route], settings: { ...settings, ...more } }).start())) as BgTasksError;

  for (const [target, method, message] of [
    [`${TASKS}#nosuch`, undefined, /tasks\.js#nosuch": the module has no function or class "nosuch"\. Export one\.$/],
    [`${TASKS}#number`, undefined, /has no function or class "number"/],
    [`${TASKS}#Counter`, 'count', /^The target "Counter" has no method "count"\. Check the name\.$/],
    [`${TASKS}#Injected`, undefined, /a class with inject\(\.\.\.\) is given as the class itself; of a path/],
  ] as const) {
    it(`says in one line what is wrong with ${target.split('/').at(-1)}${method ? `, ${method}` : ''}`, async () => {
      const error = await start(new Route({ target, entrypoint, ...(method && { method }) }));
      expect(error.code).to.equal('INVALID_TASK');
      expect(error.message).to.match(message);
      expect(error.message).to.not.include('\n');
    });
  }

  it('names the dependency that cannot be built, and its route', async () => {
    const db = dependency({
      setup: () => {
        throw new Error('no database');
      },
    });
    const route = new Route({ target: send, entrypoint, dependencies: { db } });
    const error = await start(route, { AMQP_URI: 'memory://misuse' });
    expect(error.code).to.equal('DEPENDENCY_FAILED');
    expect(error.message).to.equal(
      'The dependency "db" of the task "users.created__send" could not be set up: no database',
    );
  });

  it('is closed again, so that its program can end', async () => {
    const runner = new Runner({ routes: [new Route({ target: send, entrypoint })], settings });
    expect(await rejection(runner.start())).to.have.property('code', 'CONNECTION_FAILED');
    expect(runner.service.health().connected).to.equal(false);
    expect(await rejection(runner.service.call('x'))).to.have.property('code', 'SERVICE_STOPPING');
  });
});
