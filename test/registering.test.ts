import { BgTasksError, type RpcOptions, Service, type StandardSchemaV1, type TaskContext } from 'bgtasks';
import { expect } from 'chai';
import { IsInt, Min } from 'class-validator';
import { autoClose } from './support/auto-close.js';

describe('registering', () => {
  let service: Service;

  beforeEach(() => {
    service = autoClose(new Service({ environment: 'test', url: 'memory://registering' }));
  });

  describe('takes the handler', () => {
    it('after the name', async () => {
      const task = service.rpcTask('a')((body: number) => body + 1);
      expect(await task.call(1)).to.equal(2);
    });

    it('after name and options', async () => {
      const task = service.rpcTask('a', { description: 'adds one' })((body: number) => body + 1);
      expect(await task.call(1)).to.equal(2);
      expect(task.description).to.equal('adds one');
    });

    it('as the last argument', async () => {
      expect(await service.rpcTask('a', (body: number) => body + 1).call(1)).to.equal(2);
      expect(await service.rpcTask('b', {}, (body: number) => body + 1).call(1)).to.equal(2);
    });

    it('as a class method, whose this is one instance', async () => {
      let made = 0;
      class Counter {
        readonly start = 10;
        count = 0;
        constructor() {
          made += 1;
        }
        @service.rpcTask('count') next(body: number, { route }: TaskContext) {
          this.count += body;
          return `${route} ${this.start + this.count}`;
        }
        @service.rpcTask('static') static fixed() {
          return 'fixed';
        }
      }
      expect(made).to.equal(0);
      expect([await service.call('count', 1), await service.call('count', 1)]).to.deep.equal(['count 11', 'count 12']);
      expect(await service.call('static')).to.equal('fixed');
      expect(made).to.equal(1);
      expect(new Counter().count).to.equal(0);
    });
  });

  it('gives a handle that is a plain object with the handler', () => {
    const handler = () => 1;
    const task = service.rpcTask('a')(handler);
    expect(task).to.include({ kind: 'rpc', route: 'a', handler });
  });

  it('shows what is registered', () => {
    service.rpcTask('a', { description: 'A' })(() => 1);
    expect([...service.tasks.keys()]).to.deep.equal(['a']);
    expect(service.tasks.get('a')).to.include({ kind: 'rpc', route: 'a', description: 'A' });
  });

  describe('misuse', () => {
    const production = () => new Service({ environment: 'production', url: 'memory://' });

    it('a second handler for a route is an error that names both places', () => {
      const other = production();
      other.rpcTask('twice')(() => 1);
      expect(() => other.rpcTask('twice')(() => 2))
        .to.throw(BgTasksError)
        .that.satisfies((error: BgTasksError) => {
          const places = error.message.match(/registering\.test\.(ts|js):\d+:\d+/g);
          return error.code === 'DUPLICATE_TASK' && places?.length === 2 && places[0] !== places[1];
        });
    });

    for (const [route, part] of [
      ['', 'not empty'],
      [undefined, 'not empty'],
      ['user.*', '"*"'],
      ['a#b', '"#"'],
      ['a\nb', 'control characters'],
      ['é'.repeat(128), '255 bytes'],
      ['amq.x', 'amq.'],
    ] as const) {
      it(`a route ${JSON.stringify(route)?.slice(0, 20)} is refused`, async () => {
        expect(() => service.rpcTask(route as string)(() => 1)).to.throw(BgTasksError, part);
        const error = await service.call(route as string).catch((thrown) => thrown);
        expect(error).to.have.property('code', 'INVALID_TASK');
      });
    }

    for (const [options, part] of [
      [{ timeout: 5 }, 'unknown option "timeout". Options are: body,'],
      [{ timeoutMs: 0 }, '"timeoutMs" must be a whole number from 1, not 0.'],
      [{ timeoutMs: 2 ** 31 }, '"timeoutMs" must be at most 2147483647 (24 days), not 2147483648.'],
      [{ concurrency: 'x' }, '"concurrency" must be a whole number'],
      [{ body: 5 }, '"body" must be a schema or a class, not 5.'],
      [{ middleware: [5] }, '"middleware" must be a list of functions, not [5].'],
      [
        { protocol: 'xml' },
        'unknown protocol "xml". Protocols are: json, gzip-json, celery, klue, micro-framework, bgtasks-python.',
      ],
    ] as const) {
      it(`options ${JSON.stringify(options)} are refused`, () => {
        expect(() => service.rpcTask('a', options as RpcOptions)).to.throw(BgTasksError, part);
      });
    }

    for (const [options, part] of [
      [{ priorities: 1 }, '"priorities" must be true or false, not 1.'],
      [{ dedupe: 'yes' }, '"dedupe" must be true or false'],
      [{ priorities: true, queueType: 'classic', maxPriority: 5 }, 'either "priorities" or "maxPriority"'],
      [{ rateLimit: 5 }, '"rateLimit.max" must be a whole number from 1 to 100000'],
      [
        { rateLimit: { max: 1, perMs: 600_001 } },
        '"rateLimit.perMs" must be milliseconds from 1 to 600000, not 600001.',
      ],
    ] as const) {
      it(`options ${JSON.stringify(options)} of a job are refused`, () => {
        expect(() => service.jobTask('a', options as object)).to.throw(BgTasksError, part);
      });
    }

    it('a job with priorities has room for the name of its second queue', () => {
      const route = 'x'.repeat(195);
      expect(() => service.jobTask(route)(() => {})).not.to.throw();
      expect(() => service.jobTask(route, { priorities: true })).to.throw(BgTasksError, '194 bytes');
    });

    for (const rest of [[{}, undefined], ['text'], [null], [{}, 'text'], [() => 1, () => 2]]) {
      it(`arguments ${JSON.stringify(rest)} are refused`, () => {
        const register = service.rpcTask as unknown as (...args: unknown[]) => unknown;
        expect(() => register('a', ...rest)).to.throw(BgTasksError, 'takes options and a handler');
      });
    }

    it('something else than a handler is refused', () => {
      const register = service.rpcTask('a') as unknown as (handler: unknown) => unknown;
      expect(() => register(undefined)).to.throw(BgTasksError, 'needs a function as its handler');
    });
  });

  describe('with a body schema', () => {
    const schema: StandardSchemaV1<{ n: string }, { n: number }> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => {
          const { n } = (value ?? {}) as { n?: unknown };
          if (value === null) return { issues: [{ message: 'Nothing came.' }] };
          if (typeof n === 'string' && /^\d+$/.test(n)) return { value: { n: Number(n) } };
          return {
            issues: [
              { message: 'Not digits.', path: ['n'] },
              { message: 'Bad.', path: [{ key: 'n' }, 0] },
            ],
          };
        },
      },
    };

    it('gives the handler what the schema makes of the body', async () => {
      const task = service.rpcTask('a', { body: schema })((body) => body.n + 1);
      expect(await task.call({ n: '41' })).to.equal(42);
    });

    it('answers a refused body with its errors by field', async () => {
      let ran = false;
      const task = service.rpcTask('a', { body: schema })(() => {
        ran = true;
      });
      expect(await task.call({ n: 'x' })).to.deep.equal({
        status: 'fail',
        data: { n: { non_field_errors: ['Not digits.'], '0': ['Bad.'] } },
      });
      expect(await service.call('a', null)).to.deep.equal({
        status: 'fail',
        data: { non_field_errors: ['Nothing came.'] },
      });
      expect(ran).to.equal(false);
    });

    class NewUser {
      @IsInt() @Min(18) age!: number;
    }

    it('takes a class that class-validator decorates, and gives its instance', async () => {
      const task = service.rpcTask('a', { body: NewUser })((body) => [body instanceof NewUser, body.age]);
      expect(await task.call({ age: 20 })).to.deep.equal([true, 20]);
      expect(await task.call({ age: 7 })).to.deep.equal({
        status: 'fail',
        data: { age: ['age must not be less than 18'] },
      });
      for (const [body, type] of [
        [null, 'null'],
        [[1], 'list'],
        ['x', 'string'],
      ] as const) {
        expect(await service.call('a', body)).to.deep.equal({
          status: 'fail',
          data: { non_field_errors: [`Invalid data. Expected a dictionary, but got ${type}.`] },
        });
      }
    });
  });
});
