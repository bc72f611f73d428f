import 'reflect-metadata';
import { asyncTask, currentCaller, currentTask, Service } from 'bgtasks';
import { expect } from 'chai';
import { Expose, Type } from 'class-transformer';
import { runAs } from '../lib/caller.js';
import { silentLogger } from '../lib/logger.js';
import { autoClose } from './support/auto-close.js';
import { BROKERS, unique } from './support/brokers.js';
import { rejection } from './support/rejection.js';
import { until } from './support/until.js';

class User {
  name = '';
  born: Date | undefined;
  get greeting() {
    return `Hello, ${this.name}`;
  }
}

class Address {
  street = '';
}

class Order {
  id = 0;
  user: User | undefined;
  @Type(() => Address)
  address: Address | undefined;
  @Expose({ name: 'the_note' })
  note = '';
}

const made = <T extends object>(type: new () => T, members: Partial<T>): T => Object.assign(new type(), members);

for (const broker of BROKERS) {
  describe(`an async task on ${broker.name}`, () => {
    let route: string;
    let worker: Service;
    let api: Service;
    const service = (options = {}) =>
      autoClose(new Service({ url: broker.url(), serviceName: 'mails', logger: silentLogger, ...options }));

    beforeEach(() => {
      route = unique('mail.send');
      worker = service();
      // On the memory broker both are one: its queues are those of a process.
      api = broker.name === 'RabbitMQ' ? service() : worker;
    });

    /** Registered on both sides, as a module that both import; run by the worker alone. */
    const both = <P extends readonly unknown[]>(handler: (...args: P) => unknown, options = {}) => {
      const ours = worker.asyncTask(route, options)(handler);
      return api === worker ? ours : api.asyncTask(route, options)(handler);
    };

    it('queues a call with its arguments, from a script that serves nothing', async () => {
      const seen: unknown[] = [];
      const send = both(
        async (title: string, body: string, more?: { n: number }) => void seen.push([title, body, more]),
      );
      await worker.start();
      const job = await send('Welcome!', 'You now have an account', { n: 1 });
      expect(job.route).to.equal(route);
      await until(() => seen.length === 1);
      expect(seen).to.deep.equal([['Welcome!', 'You now have an account', { n: 1 }]]);
    });

    it('is queued from within a task, and run here by now()', async () => {
      const seen: unknown[] = [];
      const send = both(async (title: string) => {
        seen.push([title, currentTask()?.route]);
        if (title === 'first') await send('second');
        return title.length;
      });
      await worker.start();
      expect(await send.now('here')).to.equal(4);
      expect(seen).to.deep.equal([['here', undefined]]);
      await send('first');
      await until(() => seen.length === 3);
      expect(seen.slice(1)).to.deep.equal([
        ['first', route],
        ['second', route],
      ]);
    });

    it('runs later with after()', async () => {
      const seen: number[] = [];
      const send = both(async (sentAt: number) => void seen.push(Date.now() - sentAt));
      await worker.start();
      await send.after(1000, Date.now());
      await until(() => seen.length === 1);
      expect(seen[0]).to.be.at.least(950);
    }).timeout(10_000);

    it('sees the caller of the endpoint', async () => {
      const seen: unknown[] = [];
      const send = both(async () => void seen.push(currentCaller()));
      await worker.start();
      const caller = { url: '/users/7', user: { id: 7 }, traceparent: '00-abc-def-01' };
      await runAs(caller, () => send());
      await until(() => seen.length === 1);
      expect(seen).to.deep.equal([caller]);
    });

    it('gets instances of registered classes, in lists, in objects and within one another', async () => {
      const seen: unknown[][] = [];
      const send = both(async (...args: unknown[]) => void seen.push(args), { classes: [User, Order] });
      await worker.start();
      const tom = made(User, { name: 'Tom' });
      const order = made(Order, { id: 5, user: tom, address: made(Address, { street: 'A' }), note: 'soon' });
      await send(tom, [tom, 1], { who: tom, when: null }, order);
      await until(() => seen.length === 1);
      const [user, list, object, back] = seen[0] as [User, [User, number], { who: User; when: null }, Order];
      for (const each of [user, list[0], object.who, back.user as User]) {
        expect(each).to.be.instanceOf(User);
        expect(each.greeting).to.equal('Hello, Tom');
      }
      expect([list[1], object.when, back.id, back.note]).to.deep.equal([1, null, 5, 'soon']);
      expect(back).to.be.instanceOf(Order);
      expect(back.address).to.be.instanceOf(Address);
      expect(back.address?.street).to.equal('A');
    });
  });
}

describe('an async task', () => {
  const service = () => autoClose(new Service({ url: 'memory://async', logger: silentLogger }));

  it('names the class of an instance that would not arrive as one', async () => {
    const send = service().asyncTask('mail.send', { classes: [Order] })(async (..._args: unknown[]) => {});
    const refused = async (value: unknown) => {
      const error = (await rejection(send(value))) as Error;
      expect(error).to.have.property('code', 'USAGE');
      return error.message;
    };
    expect(await refused(new User()))
      .to.contain('"User"')
      .and.to.contain('"classes"');
    expect(await refused([{ deep: new User() }])).to.contain('"User"');
    expect(await refused(made(Order, { user: new User() }))).to.contain('"User"');
    expect(await refused(new Map())).to.contain('"Map"');
    expect(await refused({ __bgtasks_class: 'Order' })).to.contain('__bgtasks_class');
  });

  it('refuses classes that cannot be told apart, and what is no function', () => {
    const other = { User: class User {} };
    expect(() => service().asyncTask('x', { classes: [User, other.User] })).to.throw('each another one: User, User');
    expect(() => service().asyncTask('x', { classes: [class {}] })).to.throw('a class without one');
    expect(() => service().asyncTask('x', { classes: [5 as never] })).to.throw('list of classes');
    expect(() => service().asyncTask('x')(5 as never)).to.throw('asyncTask("x") needs a function');
    expect(() => service().asyncTask('x', { body: 1 } as never)).to.throw('"body"');
  });

  it('takes a class that it does not know, and any depth, for a bad body', async () => {
    const worker = service();
    const failures: unknown[] = [];
    worker.asyncTask('mail.read', { classes: [User], attempts: 1 })(async (..._args: unknown[]) => {});
    const logger = { ...silentLogger, error: (facts: object) => void failures.push(facts) };
    const own = autoClose(new Service({ url: 'memory://async', logger }));
    own.asyncTask('mail.hostile', { classes: [User], attempts: 1 })(async (..._args: unknown[]) => {});
    await own.start();
    await own.enqueue('mail.hostile', { args: [{ __bgtasks_class: 'Process' }] });
    await own.enqueue('mail.hostile', { args: [JSON.parse('['.repeat(500) + ']'.repeat(500))] });
    await until(() => failures.length === 2);
    const codes = failures.map((facts) => (facts as { err: { code: string } }).err.code);
    expect(codes).to.deep.equal(['BAD_BODY', 'BAD_BODY']);
  });

  it('is a function of the default service as well', () => {
    expect(asyncTask).to.be.a('function');
  });
});
