import { type Logger, Service } from 'bgtasks';
import { expect } from 'chai';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { scheduleTopology } from '../../lib/topology/schedule.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { pause, until } from '../support/until.js';

describe('a schedule on RabbitMQ', function () {
  this.timeout(30_000);
  let name: string;
  let seen: number[];

  beforeEach(() => {
    name = unique('clock');
    seen = [];
  });

  const process = async (url: string) => {
    const service = autoClose(new Service({ url, serviceName: name, logger: silentLogger }));
    service.every('beat', '1 s', { catchUp: 'all' })(({ at }) => void seen.push(at.getTime()));
    await service.start();
    return service;
  };

  /** Slots without a gap; runs may overtake each other when their worker is cut off, and then come twice. */
  const expectEverySlot = () => {
    const slots = [...new Set(seen)].sort((a, b) => a - b);
    expect(slots).to.deep.equal(slots.map((_slot, index) => (slots[0] ?? 0) + index * 1000));
  };

  it('goes on, without a gap, however often the connection of its leader is cut', async () => {
    const proxy = autoClose(await new TcpProxy(Number(new URL(rabbitUrl()).port)).listen());
    const url = new URL(rabbitUrl());
    url.port = String(proxy.port);
    await process(url.href);
    await until(() => seen.length >= 1);
    await process(rabbitUrl());
    for (let cut = 0; cut < 3; cut += 1) {
      const reached = seen.length + 1;
      proxy.cut();
      await until(() => seen.length >= reached);
    }
    expectEverySlot();
    expect(seen.length - new Set(seen).size).to.be.at.most(3); // runs that were cut off, not firings
  });

  it('goes on when its state queue is deleted', async () => {
    await process(rabbitUrl());
    await process(rabbitUrl());
    await until(() => seen.length >= 1);
    const broker = autoClose(await openBroker(rabbitUrl(), silentLogger));
    await broker.deleteQueue(scheduleTopology(name, 'beat').stateQueue);
    const reached = seen.length + 3;
    await until(() => seen.length >= reached);
    expectEverySlot();
    expect(seen).to.have.length(new Set(seen).size);
  });
});

describe('a schedule of the process alone', function () {
  this.timeout(20_000);
  const errors: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (facts) => void errors.push(facts) };
  /** Where no broker is. */
  const nowhere = 'amqp://127.0.0.1:1/';
  const open = () => autoClose(new Service({ url: nowhere, logger }));

  it('fires in each process, without a broker', async () => {
    const seen: unknown[] = [];
    for (const process of [1, 2]) {
      const service = open();
      service.every('beat', '1 s', { perProcess: true })(({ at }) => void seen.push([process, at instanceof Date]));
      await service.start();
    }
    await until(() => seen.length === 4);
    expect(seen.toSorted()).to.deep.equal([
      [1, true],
      [1, true],
      [2, true],
      [2, true],
    ]);
  });

  it('leaves out firings while its handler runs, survives what that throws, and ends with the service', async () => {
    const service = open();
    let running = 0;
    let most = 0;
    let runs = 0;
    let isDone = false;
    service.every('slow', '1 s', { perProcess: true })(async () => {
      running += 1;
      most = Math.max(most, running);
      runs += 1;
      await pause(runs === 1 ? 1500 : 300);
      running -= 1;
      if (runs === 1) throw new Error('x');
      isDone = true;
    });
    await service.start();
    await until(() => runs === 2);
    expect(errors).to.have.length(1);
    await service.close();
    expect([most, isDone, runs]).to.deep.equal([1, true, 2]);
    await pause(1200);
    expect(runs).to.equal(2);
  });

  it('needs the broker as soon as another task is there', async () => {
    const service = open();
    service.every('beat', '1 s', { perProcess: true })(() => {});
    service.rpcTask('x')(() => {});
    const error = await service.start().catch((reason) => reason);
    expect(error).to.have.property('code', 'CONNECTION_FAILED');
  });
});

describe('registering a schedule', () => {
  const service = new Service();

  it('gives a plain handle, which knows its name', () => {
    const handler = () => {};
    const handle = service.every('a', '10 s', { description: 'cleans' })(handler);
    expect(handle).to.deep.equal({ kind: 'schedule', route: 'a', description: 'cleans', handler });
  });

  for (const [what, register, message] of [
    ['an unknown option', () => service.every('x', '1 s', { timeZone: 'UTC' } as object), /unknown option "timeZone"/],
    ['a body', () => service.cron('x', '* * * * *', { body: {} } as object), /unknown option "body"/],
    [
      'perProcess of cron',
      () => service.cron('x', '* * * * *', { perProcess: true } as object),
      /unknown option "perProcess"/,
    ],
    [
      'retries per process',
      () => service.every('x', '1 s', { perProcess: true, attempts: 2 } as object),
      /"attempts" does not go with/,
    ],
    ['an odd catchUp', () => service.every('x', '1 s', { catchUp: 'always' } as object), /"catchUp" must be/],
    ['a name with wildcards', () => service.every('x.*', '1 s'), /must not contain/],
    ['a handler that is none', () => service.every('x', '1 s')(5 as never), /needs a function/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(register).to.throw(message).with.property('code', 'INVALID_TASK');
    });
  }

  it('refuses a name that makes the name of its queue too long, at the start', async () => {
    const named = autoClose(
      new Service({ url: `memory://${unique('x')}`, serviceName: 's'.repeat(50), logger: silentLogger }),
    );
    named.every('x'.repeat(190), '1 s')(() => {});
    expect(await named.start().catch((error) => error)).to.have.property('code', 'INVALID_TASK');
  });

  it('stands on a class method', async () => {
    const url = `memory://${unique('x')}`;
    const named = autoClose(new Service({ url, serviceName: 'clock', logger: silentLogger }));
    let seen: Date | undefined;
    class Jobs {
      found = 'this';
      @named.every('beat', '1 s')
      beat({ at }: { at: Date }) {
        if (this.found === 'this') seen = at;
      }
    }
    expect(Jobs).to.be.a('function');
    await named.start();
    await until(() => seen !== undefined);
  });
});
