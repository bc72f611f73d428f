import { contract, Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../lib/logger.js';
import { autoClose } from './support/auto-close.js';
import { BROKERS, unique } from './support/brokers.js';
import { rejection } from './support/rejection.js';

abstract class Stuff {
  abstract doSomeStuff(arg: string): Promise<string>;
  abstract doMoreStuff(arg: string): string;
}

class RealStuff {
  remembered: string | undefined;
  async doSomeStuff(arg: string) {
    const before = this.remembered;
    this.remembered = arg;
    return before ?? this.doMoreStuff(arg);
  }
  doMoreStuff(arg: string) {
    return `Doing stuff ${arg}`;
  }
  notInTheContract() {
    return 'secret';
  }
}

for (const broker of BROKERS) {
  describe(`a shared interface on ${broker.name}`, () => {
    let name: string;
    let server: Service;
    let client: Service;
    const stuff = () => contract(Stuff, name, { doSomeStuff: ['arg'], doMoreStuff: ['arg'] });

    beforeEach(() => {
      name = unique('Stuff');
      const url = broker.url();
      server = autoClose(new Service({ url, logger: silentLogger }));
      client = autoClose(new Service({ url, logger: silentLogger }));
    });

    it('is called through a typed proxy; methods call each other on a `this` of that call alone', async () => {
      server.serve(stuff(), RealStuff);
      await server.start();
      const remote = client.remote(stuff());
      expect(await remote.doSomeStuff('Hello!')).to.equal('Doing stuff Hello!');
      expect(await remote.doSomeStuff('again')).to.equal('Doing stuff again');
      expect(await remote.doMoreStuff('x')).to.equal('Doing stuff x');
      await remote.verify();
    });

    it('is served by an object as well, of which every call gets a fresh heir', async () => {
      const implementation = new RealStuff();
      server.serve(stuff(), implementation);
      await server.start();
      const remote = client.remote(stuff());
      await remote.doSomeStuff('a');
      expect(await remote.doSomeStuff('b')).to.equal('Doing stuff b');
      expect(implementation.remembered).to.equal(undefined);
    });

    it('serves its methods and no other', async () => {
      server.serve(stuff(), RealStuff);
      await server.start();
      expect(await rejection(client.call(`${name}.notInTheContract`))).to.have.property('code', 'NO_ROUTE');
    });

    it('knows default, optional and rest arguments, and inherited methods', async () => {
      abstract class Base {
        abstract greet(name: string, greeting?: string): string;
      }
      abstract class Wide extends Base {
        abstract sum(...numbers: number[]): number;
        abstract list(a?: string, b?: string): unknown[];
      }
      class Real extends Wide {
        greet(who: string, greeting = 'Hello') {
          return `${greeting}, ${who}`;
        }
        sum(...numbers: number[]) {
          return numbers.reduce((a, b) => a + b, 0);
        }
        list(...all: (string | undefined)[]) {
          return [all.length, ...all];
        }
      }
      const wide = contract(Wide, name, { greet: ['who', 'greeting'], sum: ['numbers'], list: ['a', 'b'] });
      server.serve(wide, Real);
      await server.start();
      const remote = client.remote(wide);
      expect(await remote.greet('Tom')).to.equal('Hello, Tom');
      expect(await remote.greet('Tom', 'Bye')).to.equal('Bye, Tom');
      expect(await remote.sum(1, 2, 3)).to.equal(6);
      expect(await remote.sum()).to.equal(0);
      expect(await remote.list()).to.deep.equal([0]);
      expect(await client.call(`${name}.greet`, { args: ['Tom'], kwargs: { greeting: 'Hi' } })).to.equal('Hi, Tom');
      const wrong = (await rejection(client.call(`${name}.greet`, { args: [], kwargs: { whom: 1 } }))) as Error;
      expect(wrong.message).to.match(/BAD_ARGUMENTS.*whom.*who, greeting/);
    });

    it('names what the other side lacks', async () => {
      abstract class Newer extends Stuff {
        abstract doNewStuff(): void;
      }
      server.serve(stuff(), RealStuff);
      await server.start();
      const newer = contract(Newer, name, { doSomeStuff: ['arg'], doMoreStuff: ['arg'], doNewStuff: [] });
      const error = (await rejection(client.remote(newer).verify())) as Error;
      expect(error).to.have.property('code', 'CONTRACT_MISMATCH');
      expect(error.message).to.contain('doNewStuff').and.to.not.contain('doSomeStuff');
    });

    it('has a proxy that is no promise', async () => {
      const remote = client.remote(stuff());
      expect(await remote).to.equal(remote);
      expect('then' in remote).to.equal(false);
    });
  });
}

describe('a contract', () => {
  it('refuses names of arguments that are none, or twice', () => {
    expect(() => contract(Stuff, 'x', { doSomeStuff: ['a', 'a'], doMoreStuff: ['a'] })).to.throw('x.doSomeStuff');
    expect(() => contract(Stuff, 'x', { doSomeStuff: [5 as never], doMoreStuff: ['a'] })).to.throw('each once');
    expect(() => contract(Stuff, '*', { doSomeStuff: ['a'], doMoreStuff: ['a'] })).to.throw('"*"');
  });

  it('has no proxy where a method has the name of something else in it', () => {
    abstract class Tokens {
      abstract verify(token: string): boolean;
    }
    abstract class Later {
      // biome-ignore lint/suspicious/noThenProperty: it is what is refused
      abstract then(): string;
    }
    const service = new Service({ url: 'memory://contract' });
    expect(() => service.remote(contract(Tokens, 'x', { verify: ['token'] }))).to.throw('"verify" is not free');
    // biome-ignore lint/suspicious/noThenProperty: as above
    expect(() => service.remote(contract(Later, 'x', { then: [] }))).to.throw('"then" is not free');
  });

  it('is not served by something that lacks a method', () => {
    const service = new Service({ url: 'memory://contract' });
    const stuff = contract(Stuff, 'x', { doSomeStuff: ['a'], doMoreStuff: ['a'] });
    expect(() => service.serve(stuff, { doSomeStuff: async () => '' } as never)).to.throw('no method "doMoreStuff"');
  });

  it('that inherits is refused with celery, with the reason, and rest arguments are too', () => {
    abstract class Base {
      abstract one(arg: string): string;
    }
    abstract class Chained extends Base {
      abstract two(...args: string[]): number;
    }
    class Real extends Chained {
      one(arg: string) {
        return arg;
      }
      two(...args: string[]) {
        return args.length;
      }
    }
    abstract class Rest {
      abstract two(...args: string[]): number;
    }
    const service = new Service({ url: 'memory://contract' });
    const chained = contract(Chained, 'Chained', { one: ['arg'], two: ['args'] });
    expect(() => service.serve(chained, Real, { protocol: 'celery' })).to.throw('extends another class');
    const rest = contract(Rest, 'Rest', { two: ['args'] });
    expect(() => service.serve(rest, Real, { protocol: 'celery' })).to.throw('"two" has rest arguments');
    expect([...service.tasks.keys()]).to.not.include('Chained.one');
  });

  it('has its own timeout for a method, before that of the proxy', async () => {
    const stuff = contract(Stuff, 'Slow', { doSomeStuff: { args: ['arg'], timeoutMs: 50 }, doMoreStuff: ['arg'] });
    const service = autoClose(new Service({ url: 'memory://slow-contract', logger: silentLogger, drainMs: 0 }));
    const never = new Promise<never>(() => {});
    service.serve(stuff, { doSomeStuff: () => never, doMoreStuff: (arg) => arg });
    await service.start();
    const remote = service.remote(stuff, { timeoutMs: 60_000 });
    const error = (await rejection(remote.doSomeStuff('x'))) as Error;
    expect(error.message).to.contain('within 50 ms');
    expect(await remote.doMoreStuff('x')).to.equal('x');
  });
});
