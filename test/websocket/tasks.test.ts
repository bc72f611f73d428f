import {
  BgTasksError,
  currentCaller,
  currentTask,
  dependency,
  inject,
  type RemoteError,
  type Service,
  type StandardSchemaV1,
  type WebSocketTaskOptions,
} from 'bgtasks';
import { CharField, IntegerField, Serializer } from 'bgtasks/serializers';
import { expect } from 'chai';
import { rejection } from '../support/rejection.js';
import { clientOf, makeService, started } from './serving.js';

describe('WebSocket tasks', () => {
  let service: Service;

  beforeEach(() => {
    service = makeService();
  });

  const ask = async (name: string, args: readonly unknown[] = [], kwargs: Record<string, unknown> = {}) =>
    clientOf(await started(service)).call(name, { args, kwargs });

  const refusal = async (name: string, args: readonly unknown[], kwargs: Record<string, unknown> = {}) =>
    ((await rejection(ask(name, args, kwargs))) as RemoteError).remote;

  describe('take the handler', () => {
    it('after the name, as a plain handle', () => {
      const handler = () => 1;
      const task = service.webSocketTask('a', { description: 'one' })(handler);
      expect(task).to.deep.equal({ kind: 'websocket', route: 'a', description: 'one', handler });
    });

    it('as the last argument', async () => {
      service.webSocketTask('a', () => 1);
      service.webSocketTask('b', {}, () => 2);
      expect([await ask('a'), await ask('b')]).to.deep.equal([1, 2]);
    });

    it('as a class method, whose this is one instance', async () => {
      class Counter {
        total = 10;
        @service.webSocketTask('count', { params: ['by', 'times'] }) count(by: number, times = 1) {
          this.total += by * times;
          return this.total;
        }
        @service.webSocketTask('static') static fixed() {
          return 'fixed';
        }
      }
      expect([await ask('count', [1]), await ask('count', [1, 2])]).to.deep.equal([11, 13]);
      expect(await ask('static')).to.equal('fixed');
      expect(await refusal('count', [])).to.have.property('message', '"count" needs "by" as well.');
      expect(new Counter().total).to.equal(10);
    });
  });

  it('have dependencies, in fields of their class and in the context', async () => {
    const trail: unknown[] = [];
    const a = dependency({
      setup: () => 'a',
      get: (shared, { route }) => `${shared} of ${route}`,
      afterCall: (_value, _context, error) => void trail.push(error),
    });
    class Greeter {
      name = inject(a);
      @service.webSocketTask('greet', { deps: { a } }) greet(greeting: string) {
        return [greeting, this.name, currentTask()?.deps];
      }
    }
    const value = 'a of greet';
    expect(await ask('greet', ['Hello'])).to.deep.equal(['Hello', value, { a: value }]);
    expect(trail).to.deep.equal([undefined]);
    expect(Greeter.name).to.equal('Greeter');
  });

  it('get their arguments alone, and read the context with currentTask()', async () => {
    service.webSocketTask('all')((...args: unknown[]) => [args, currentTask()?.route, currentCaller()]);
    expect(await ask('all', [1, [2, 3]])).to.deep.equal([[1, [2, 3]], 'all', {}]);
  });

  describe('with params', () => {
    beforeEach(() => {
      service.webSocketTask('sum', { params: ['a', 'b', 'scale'] })(
        (a: number, b: number, scale = 1) => (a + b) * scale,
      );
      service.webSocketTask('optional', { params: ['a', 'b?'] })((a: number, b?: number) => [a, b ?? 'none']);
    });

    it('put arguments by name in place', async () => {
      expect(await ask('sum', [1], { b: 2 })).to.equal(3);
      expect(await ask('sum', [], { scale: 10, b: 2, a: 1 })).to.equal(30);
      expect(await ask('optional', [1])).to.deep.equal([1, 'none']);
      expect(await ask('optional', [], { b: 2, a: 1 })).to.deep.equal([1, 2]);
    });

    const wrong: [unknown[], Record<string, unknown>, string][] = [
      [[1, 2], { c: 3 }, '"sum" has no argument "c"; its arguments are: a, b, scale.'],
      [[1, 2], { toString: 3 }, '"sum" has no argument "toString"; its arguments are: a, b, scale.'],
      [[1], {}, '"sum" needs "b" as well.'],
      [[], { scale: 2 }, '"sum" needs "a", "b" as well.'],
      [[1, 2], { a: 3 }, '"sum" got "a" by position and by name.'],
      [[1, 2, 3, 4], {}, '"sum" takes at most 3 arguments (a, b, scale), not 4.'],
    ];
    for (const [args, kwargs, message] of wrong) {
      it(`answer ${JSON.stringify({ args, kwargs })} with an error that names them`, async () => {
        expect(await refusal('sum', args, kwargs)).to.deep.equal({ code: 'TypeError', message });
      });
    }
  });

  it('without params take any number by position, and none by name', async () => {
    service.webSocketTask('any')((...args: unknown[]) => args.length);
    expect(await ask('any', [1, 2, 3])).to.equal(3);
    expect(await refusal('any', [], { a: 1 })).to.have.property('code', 'TypeError');
  });

  it('check their arguments by name, and answer what is wrong with them', async () => {
    class Person extends Serializer({ name: new CharField(), age: new IntegerField({ required: false }) }) {}
    service.webSocketTask('greet', { params: ['name', 'age?'], body: Person })((name: string, age?: number) => [
      name,
      age,
    ]);
    expect(await ask('greet', ['Tom', '7'])).to.deep.equal(['Tom', 7]);
    expect(await ask('greet', ['Tom', 'x'])).to.deep.equal({
      status: 'fail',
      data: { age: ['A valid integer is required.'] },
    });
  });

  it('pass through the middleware of the service and their own, whose body is { args, kwargs }', async () => {
    const seen: unknown[] = [];
    const own = makeService({
      middleware: [
        async (body, context, next) => {
          seen.push(['service', context.route, body]);
          return next(body);
        },
      ],
    });
    const twice: WebSocketTaskOptions['middleware'] = [async (_body, _context, next) => next({ args: [5] })];
    own.webSocketTask('double', { params: ['a'], middleware: twice })((a: number) => a * 2);
    const client = clientOf(await started(own));
    expect(await client.double(1)).to.equal(10);
    expect(seen).to.deep.equal([['service', 'double', { args: [1], kwargs: {} }]]);
  });

  it('may take no longer than their timeoutMs', async () => {
    let signal: AbortSignal | undefined;
    service.webSocketTask('slow', { timeoutMs: 20 })(() => {
      signal = currentTask()?.signal;
      return new Promise(() => {});
    });
    expect(await refusal('slow', [])).to.have.property('code', 'TimeoutError');
    expect(signal?.aborted).to.equal(true);
  });

  it('are no part of calls over the broker, and a name is taken once', async () => {
    service.webSocketTask('a')(() => 1);
    await service.start();
    expect(await rejection(service.call('a'))).to.have.property('code', 'NO_ROUTE');
    expect(() => service.rpcTask('a')(() => 1))
      .to.throw(BgTasksError)
      .with.property('code', 'DUPLICATE_TASK');
  });

  const schema = {} as unknown as StandardSchemaV1;
  const misuse: [string, unknown, unknown][] = [
    ['a name of the protocol', '__list_targets__', undefined],
    ['an empty name', '', undefined],
    ['a protocol', 'a', { protocol: 'json' }],
    ['params that are no list', 'a', { params: 'a' }],
    ['params that are no names', 'a', { params: ['a b'] }],
    ['params with a name twice', 'a', { params: ['a', 'a?'] }],
    ['a body without params', 'a', { params: [], body: Object.assign(schema, { '~standard': {} }) }],
    ['params of an rpc task', 'rpc', { params: ['a'] }],
  ];
  for (const [what, name, options] of misuse) {
    it(`refuse ${what}`, () => {
      const register = (name === 'rpc' ? service.rpcTask : service.webSocketTask) as (...args: unknown[]) => unknown;
      expect(() => register(name, options))
        .to.throw(BgTasksError)
        .with.property('code', 'INVALID_TASK');
    });
  }

  it('refuse what is no handler', () => {
    const register = service.webSocketTask('a') as unknown as (handler: unknown) => unknown;
    expect(() => register(5)).to.throw('webSocketTask("a") needs a function as its handler, not 5.');
  });
});
