import { currentCaller, type RemoteError, Service } from 'bgtasks';
import { expect } from 'chai';
import { runAs } from '../lib/caller.js';
import type { Logger } from '../lib/logger.js';
import { autoClose } from './support/auto-close.js';
import { BROKERS, unique } from './support/brokers.js';
import { rejection } from './support/rejection.js';
import { until } from './support/until.js';

const SECRET = 'a secret that services share';
const tom = { url: '/x', user: 'Tom' };

for (const broker of BROKERS) {
  describe(`a signed caller on ${broker.name}`, () => {
    let url: string;
    const lines: string[] = [];
    const keep = (facts: object, text: string) => void lines.push(JSON.stringify(facts), text, String(facts));
    const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };
    const service = (callerSecret?: string) =>
      autoClose(new Service({ url, logger, ...(callerSecret && { callerSecret }) }));

    beforeEach(() => {
      url = broker.url();
      lines.length = 0;
    });

    for (const protocol of ['json', 'gzip-json', 'bgtasks-python'] as const) {
      it(`is believed, and any other is refused (${protocol})`, async () => {
        const route = unique('who');
        const worker = service(SECRET);
        worker.rpcTask(route, { protocol })(() => currentCaller());
        await worker.start();
        const call = (from: Service) => runAs(tom, () => from.call(route, null, { protocol, timeoutMs: 5000 }));
        expect(await call(service(SECRET))).to.deep.equal(tom);
        for (const stranger of [service(), service('another secret of theirs')]) {
          const error = (await rejection(call(stranger))) as RemoteError;
          expect(error.remote.code).to.equal('CALLER_REFUSED');
        }
        expect(await service().call(route, null, { protocol, timeoutMs: 5000 })).to.deep.equal({}); // for nobody
        expect(lines.join('\n')).to.not.contain(SECRET);
      });
    }

    it('of a job is a dead letter where it is refused, without another run', async () => {
      const route = unique('job');
      const worker = service(SECRET);
      const seen: unknown[] = [];
      worker.jobTask(route)(() => void seen.push(currentCaller()));
      await worker.start();
      const stranger = service();
      stranger.jobTask(route)(() => {});
      await runAs(tom, () => stranger.enqueue(route, 1));
      await until(() => lines.some((line) => line.includes('failed for good')));
      expect(lines.join('\n')).to.contain('CALLER_REFUSED');
      await runAs(tom, () => worker.enqueue(route, 1));
      await until(() => seen.length === 1);
      expect(seen).to.deep.equal([tom]);
    });

    it('is still one in the next run of a job that failed', async () => {
      const route = unique('job');
      const worker = service(SECRET);
      const seen: unknown[] = [];
      worker.jobTask(route, { attempts: 2, backoff: () => 1 })(() => {
        seen.push(currentCaller());
        if (seen.length === 1) throw new Error('again');
      });
      await worker.start();
      await runAs(tom, () => worker.enqueue(route, 1));
      await until(() => seen.length === 2);
      expect(seen).to.deep.equal([tom, tom]);
    }).timeout(10_000);
  });
}

describe('the setting "callerSecret"', () => {
  it('is never shown, also where it is wrong', () => {
    expect(() => new Service({ callerSecret: 'too short' }))
      .to.throw('at least 16 characters')
      .with.property('message')
      .that.does.not.contain('too short');
    expect(() => new Service({ callerSecret: 5 as never })).to.throw('at least 16');
  });

  it('signs the body as well: a caller cannot be put before another one', async () => {
    const { signed, checkSignature } = await import('../lib/protocols/signature.js');
    const properties = { messageId: 'm', headers: { 'bgtasks-caller': '{"user":"Tom"}' } };
    const message = signed({ body: Buffer.from('1'), properties }, SECRET);
    expect(() => checkSignature(message, tom, SECRET)).to.not.throw();
    const changed = [
      { ...message, body: Buffer.from('2') },
      { ...message, properties: { ...message.properties, messageId: 'n' } },
      {
        ...message,
        properties: { ...message.properties, headers: { ...message.properties.headers, 'bgtasks-caller': '{}' } },
      },
      { ...message, properties: { ...message.properties, headers: { 'bgtasks-signature': 5 } } },
    ];
    for (const each of changed) {
      expect(() => checkSignature(each, tom, SECRET))
        .to.throw()
        .with.property('code', 'CALLER_REFUSED');
    }
  });
});
