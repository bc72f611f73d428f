/** Schedules: each slot fires once, whatever happens to the processes that serve it, on every broker. */
import { Service } from 'bgtasks';
import { expect } from 'chai';
import type { Broker, Delivery } from '../../lib/broker/broker.js';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { jsonWork } from '../../lib/protocols/json-work.js';
import type { CatchUp, ScheduleRule } from '../../lib/tasks/schedule.js';
import { scheduleTopology } from '../../lib/topology/schedule.js';
import type { Clock } from '../../lib/worker/schedule/clock.js';
import { Leader } from '../../lib/worker/schedule/leader.js';
import { stateHeaders } from '../../lib/worker/schedule/state.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { FakeClock } from '../support/fake-clock.js';
import { rejection } from '../support/rejection.js';
import { pause, until } from '../support/until.js';

const HOUR = 3_600_000;
const START = Date.parse('2026-05-01T12:00:00Z');
const SLOT_MS = 250;
/** Shorter than an application may have it: the tests would take long. */
const QUICK: ScheduleRule = { every: '250 ms', intervalMs: SLOT_MS };
const HOURLY: ScheduleRule = { every: '1 h', intervalMs: HOUR };

interface LeaderOptions {
  readonly rule?: ScheduleRule;
  readonly catchUp?: CatchUp;
  readonly clock?: Clock;
}

export function scheduleContract(urlOf: () => string): void {
  let url: string;
  let name: string;
  let observer: Broker;
  /** The slots of the runs, in the order of their arrival. */
  let fired: number[];
  let ids: unknown[];

  const topology = () => scheduleTopology(name, 'tick');
  const connect = async () => autoClose(await openBroker(url, silentLogger));

  beforeEach(async () => {
    url = urlOf();
    name = unique('clock');
    fired = [];
    ids = [];
    observer = await connect();
    const { runQueue, declarations, runBinding } = topology();
    await observer.consume({
      queue: runQueue,
      declarations: [...declarations, ...jsonWork.queueOf(runQueue, {}), runBinding],
      prefetch: 100,
      onDelivery: (delivery) => {
        fired.push(Date.parse(JSON.parse(delivery.body.toString()).at));
        ids.push(delivery.properties.messageId);
        delivery.ack();
      },
    });
  });

  /** A process: a leader or one in waiting, with a connection of its own. */
  const candidate = async ({ rule = QUICK, catchUp = 'all', clock }: LeaderOptions = {}, given?: Broker) => {
    const broker = given ?? (await connect());
    const leader = new Leader({
      broker,
      topology: topology(),
      rule,
      catchUp,
      encode: (at, messageId) => jsonWork.encode({ route: 'x', body: { at }, messageId, caller: {} }, 1000),
      id: `${name}.tick`,
      log: silentLogger,
      ...(clock && { clock }),
    });
    autoClose({ close: () => leader.stop() });
    await leader.start();
    return { leader, broker };
  };

  const sendState = (headers: Record<string, unknown>, broker = observer) =>
    broker.publish(
      {
        exchange: '',
        routingKey: topology().stateQueue,
        body: Buffer.from('{}'),
        properties: { headers, deliveryMode: 2 },
      },
      { declarations: topology().declarations },
    );

  const expectEverySlotOnce = () => {
    const [first = 0] = fired;
    expect(fired).to.deep.equal(fired.map((_slot, index) => first + index * SLOT_MS));
  };

  describe('a schedule', () => {
    it('fires each slot once, however many processes there are, under an id that tells the slot', async () => {
      for (let count = 0; count < 4; count += 1) await candidate();
      await until(() => fired.length >= 6);
      expectEverySlotOnce();
      expect(fired.every((slot) => slot % SLOT_MS === 0)).to.equal(true);
      expect(ids).to.deep.equal(fired.map((slot) => `${name}.tick@${slot}`));
    });

    it('has one leader, and the next one when that stops: no slot is lost or doubled', async () => {
      const all = [await candidate(), await candidate(), await candidate()];
      for (const { leader } of all) {
        const reached = fired.length + 3;
        await until(() => fired.length >= reached);
        expect(all.filter(({ leader: each }) => each.isLeading).length).to.be.at.most(1);
        if (leader !== all.at(-1)?.leader) await leader.stop();
      }
      expectEverySlotOnce();
    });

    it('loses and doubles no slot when the connection of its leader ends without a word', async () => {
      const all = [await candidate(), await candidate(), await candidate(), await candidate()];
      for (let death = 0; death < 3; death += 1) {
        const reached = fired.length + 2;
        await until(() => fired.length >= reached && all.some(({ leader }) => leader.isLeading));
        const index = all.findIndex(({ leader }) => leader.isLeading);
        const [dead] = all.splice(index, 1);
        await dead?.broker.close();
      }
      const reached = fired.length + 3;
      await until(() => fired.length >= reached);
      expectEverySlotOnce();
    });

    it('goes on from the queue alone after a time without any process', async () => {
      const first = await candidate();
      await until(() => fired.length >= 2);
      await first.broker.close();
      await pause(3 * SLOT_MS);
      await candidate();
      const reached = fired.length + 5;
      await until(() => fired.length >= reached);
      expectEverySlotOnce();
    });

    for (const [catchUp, missed] of [
      ['skip', []],
      ['once', [START + 5 * HOUR]],
      ['all', [1, 2, 3, 4, 5].map((hours) => START + hours * HOUR)],
    ] as const) {
      it(`catches up after a downtime as ${catchUp} says`, async () => {
        await sendState(stateHeaders({ slot: START, isSeed: false, token: 'x' }));
        const clock = new FakeClock(START + 5.5 * HOUR);
        const { leader } = await candidate({ rule: HOURLY, catchUp, clock });
        await until(() => leader.isLeading && fired.length === missed.length);
        await pause(50);
        expect(fired).to.deep.equal(missed);
        clock.set(START + 6 * HOUR - 1000);
        await clock.advance(12_000);
        await until(() => fired.length === missed.length + 1);
        expect(fired.at(-1)).to.equal(START + 6 * HOUR);
      });
    }

    it('begins with the first slot after its first start', async () => {
      const clock = new FakeClock(START + 1000);
      const { leader } = await candidate({ rule: HOURLY, clock });
      await until(() => leader.isLeading);
      await pause(50);
      expect(fired).to.deep.equal([]);
    });

    it('fires nothing again when the clock is set back, and goes on with the next slot', async () => {
      await sendState(stateHeaders({ slot: START, isSeed: false, token: 'x' }));
      const clock = new FakeClock(START + HOUR - 1000);
      const { leader } = await candidate({ rule: HOURLY, clock });
      await until(() => leader.isLeading);
      await clock.advance(11_000);
      await until(() => fired.length === 1);
      clock.set(START + HOUR / 2);
      await clock.advance(20_000);
      expect(fired).to.deep.equal([START + HOUR]);
      clock.set(START + HOUR - 1000); // that slot once more
      await clock.advance(20_000);
      clock.set(START + 2 * HOUR - 1000);
      await clock.advance(20_000);
      await until(() => fired.length === 2);
      expect(fired).to.deep.equal([START + HOUR, START + 2 * HOUR]);
    });

    it('fires at most 2 s after the clock was set forward over a slot', async () => {
      await sendState(stateHeaders({ slot: START, isSeed: false, token: 'x' }));
      const clock = new FakeClock(START + 60_000);
      const { leader } = await candidate({ rule: HOURLY, clock, catchUp: 'once' });
      await until(() => leader.isLeading);
      clock.set(START + 3 * HOUR + 60_000);
      await clock.advance(2100);
      await until(() => fired.length === 1);
      expect(fired).to.deep.equal([START + 3 * HOUR]);
    });

    it('is not stopped by a state that a wrong clock has written, nor by one that nobody can read', async () => {
      await sendState(stateHeaders({ slot: START + 300 * 24 * HOUR, isSeed: false, token: 'x' }));
      for (const headers of [{}, { 'bgtasks-slot': 'x' }, { 'bgtasks-slot': -1, 'bgtasks-token': 'x' }])
        await sendState(headers);
      const clock = new FakeClock(START + HOUR - 5000);
      const { leader } = await candidate({ rule: HOURLY, clock });
      await until(() => leader.isLeading);
      await clock.advance(16_000);
      await until(() => fired.length === 1);
      expect(fired).to.deep.equal([START + HOUR]);
    });

    it('takes the latest of several states, and no seed beside one', async () => {
      for (const [slot, isSeed] of [
        [START - HOUR, false],
        [START + HOUR, false],
        [START, false],
        [START - 9 * HOUR, true],
      ] as const) {
        await sendState(stateHeaders({ slot, isSeed, token: 'x' }));
      }
      const clock = new FakeClock(START + HOUR + 60_000);
      const { leader } = await candidate({ rule: HOURLY, clock });
      await until(() => leader.isLeading);
      await pause(50);
      expect(fired).to.deep.equal([]);
      await leader.stop();
      const held: Delivery[] = [];
      await observer.consume({ queue: topology().stateQueue, prefetch: 9, onDelivery: (each) => void held.push(each) });
      await until(() => held.length > 0);
      await pause(50);
      expect(held.map(({ properties }) => properties.headers?.['bgtasks-slot'])).to.deep.equal([START + HOUR]);
    });

    it('renews its state every ten minutes: a broker gives a delivery half an hour', async () => {
      const broker = await connect();
      const sent: number[] = [];
      const clock = new FakeClock(START + 60_000);
      const publish = broker.publish.bind(broker);
      broker.publish = (message, options) => {
        if (!options?.declarations) sent.push(clock.now()); // a seed has some
        return publish(message, options);
      };
      const { leader } = await candidate({ rule: HOURLY, clock }, broker);
      await until(() => leader.isLeading);
      for (let minute = 0; minute < 25; minute += 1) {
        await clock.advance(60_000, 10_000);
        await until(() => leader.isLeading);
      }
      expect(sent.map((time) => Math.round((time - START) / 60_000))).to.deep.equal([1, 11, 21]);
      expect(fired).to.deep.equal([]);
    });

    it('is consumed again when its consumer has gone without a word', async () => {
      const broker = await connect();
      const consume = broker.consume.bind(broker);
      broker.consume = async (subscription) => {
        broker.consume = consume;
        const consumer = await consume({ ...subscription, onDelivery: () => {} });
        await consumer.cancel();
        return { cancel: async () => {} };
      };
      const clock = new FakeClock(START);
      const { leader } = await candidate({ clock }, broker);
      expect(leader.isLeading).to.equal(false);
      await until(async () => {
        await clock.advance(200);
        return leader.isLeading;
      });
    });

    it('is given back by a leader whose publish was not confirmed, and another one goes on', async () => {
      const broker = await connect();
      const publish = broker.publish.bind(broker);
      const { leader } = await candidate({}, broker);
      const other = await candidate();
      await until(() => fired.length >= 2 && (leader.isLeading || other.leader.isLeading)); // not while a publish is out
      broker.publish = async (message, options) => {
        await publish(message, options);
        if (options?.isSentOnce) throw new Error('not confirmed');
      };
      const reached = fired.length + 4;
      await until(() => fired.length >= reached && other.leader.isLeading);
      expect(leader.isLeading).to.equal(false);
      expectEverySlotOnce();
    });
  });

  describe('every() and cron()', () => {
    const serviceNamed = (serviceName: string) => autoClose(new Service({ url, serviceName, logger: silentLogger }));

    it('run the handler of one process per slot, with the slot as its body', async () => {
      const seen: { at: Date; id: string; process: number }[] = [];
      const services = [1, 2, 3].map((process) => {
        const service = serviceNamed(name);
        const record = (at: Date, id: string) => void seen.push({ at, id, process });
        service.every('beat', '1 s')(({ at }, { messageId }) => record(at, messageId));
        return service;
      });
      await Promise.all(services.map((service) => service.start()));
      await until(() => seen.length === 1);
      for (const service of services.slice(0, 2)) await service.close();
      await until(() => seen.length === 4);
      const [first] = seen;
      expect(first?.at).to.be.instanceOf(Date);
      expect(seen.map(({ at }) => at.getTime() - Number(first?.at))).to.deep.equal([0, 1000, 2000, 3000]);
      expect(seen.map(({ id }) => id)).to.deep.equal(seen.map(({ at }) => `${name}.beat@${at.getTime()}`));
    });

    it('retry as jobs do, under the same body and id', async () => {
      const service = serviceNamed(name);
      const seen: unknown[][] = [];
      service.cron('flaky', '* * * * * *', { attempts: 2, backoff: 0 })(({ at }, { attempt, messageId }) => {
        seen.push([attempt, at.toISOString(), messageId]);
        if (attempt === 1) throw new Error('x');
      });
      await service.start();
      await until(() => seen.some(([attempt]) => attempt === 2));
      const again = seen.find(([attempt]) => attempt === 2) as unknown[];
      expect(seen).to.deep.include([1, ...again.slice(1)]);
    });

    it('leave a dead letter after one failed run, unless attempts say more', async () => {
      const service = serviceNamed(name);
      service.every(
        'broken',
        '1 s',
      )(() => {
        throw new Error('x');
      });
      await service.start();
      const queue = `${scheduleTopology(name, 'broken').runQueue}.dead`;
      await until(async () => ((await observer.inspect(queue))?.messages ?? 0) > 0);
    });

    it('need a service name, and say so', async () => {
      const nameless = autoClose(new Service({ url, logger: silentLogger }));
      nameless.every('x', '1 s')(() => {});
      expect(await rejection(nameless.start())).to.have.property('code', 'INVALID_SETTING');
    });
  });
}
