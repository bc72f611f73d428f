import { Service, type ServiceOptions, silentLogger } from 'bgtasks';
import { RemoteField, Serializer } from 'bgtasks/serializers';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { autoClose } from '../support/auto-close.js';
import { BROKERS, unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';
import { get, samples } from './recorder.js';

const watched = (options: ServiceOptions) =>
  autoClose(new Service({ logger: silentLogger, metrics: true, monitorPort: 0, ...options }));

for (const broker of BROKERS) {
  describe(`metrics on ${broker.name}`, () => {
    let service: Service;
    beforeEach(() => {
      service = watched({ url: broker.url(), serviceName: unique('metrics').replace('.', '-') });
    });

    it('count calls and runs by route and result, and how long they took', async () => {
      const route = unique('count');
      service.rpcTask(route)((body) => {
        if (body === 'throw') throw Object.assign(new Error('no'), { code: 'NO_LUCK' });
        return body === 'fail' ? { status: 'fail', data: {} } : body;
      });
      await service.start();
      await service.call(route, 1);
      await service.call(route, 2);
      await service.call(route, 'fail');
      await rejection(service.call(route, 'throw'));
      expect(await samples(service, 'bgtasks_handled_total', { route, kind: 'rpc', result: 'ok' })).to.deep.equal([2]);
      expect(await samples(service, 'bgtasks_handled_total', { route, result: 'fail' })).to.deep.equal([1]);
      expect(await samples(service, 'bgtasks_handled_total', { route, result: 'NO_LUCK' })).to.deep.equal([1]);
      expect(await samples(service, 'bgtasks_calls_total', { route, result: 'REMOTE_ERROR' })).to.deep.equal([1]);
      expect(await samples(service, 'bgtasks_calls_total', { route, result: 'ok' })).to.deep.equal([2]);
      for (const name of ['handle_duration', 'call_duration', 'queue_wait']) {
        expect(await samples(service, `bgtasks_${name}_seconds_count`, { route }), name).to.deep.equal([4]);
      }
    });

    it('show handlers in flight, and how long others waited for their place', async () => {
      const route = unique('wait');
      const ends: (() => void)[] = [];
      service.rpcTask(route, { concurrency: 2 })(() => new Promise<void>((resolve) => ends.push(resolve)));
      await service.start();
      const calls = [service.call(route), service.call(route)];
      await until(() => ends.length === 2);
      expect(await samples(service, 'bgtasks_handlers_in_flight', { route })).to.deep.equal([2]);
      expect(await samples(service, 'bgtasks_calls_pending')).to.deep.equal([2]);
      for (const end of ends) end();
      await Promise.all(calls);
      expect(await samples(service, 'bgtasks_handlers_in_flight', { route })).to.deep.equal([0]);
    });

    it('count jobs, retries and dead letters', async () => {
      const route = unique('job');
      service.jobTask(route, { attempts: 2, backoff: { type: 'constant', delayMs: 1 } })(() => {
        throw new Error('never');
      });
      await service.start();
      await service.enqueue(route, {});
      await until(async () => (await samples(service, 'bgtasks_dead_letters_total', { route })).length > 0);
      expect(await samples(service, 'bgtasks_published_total', { route, kind: 'job', result: 'ok' })).to.deep.equal([
        1,
      ]);
      expect(await samples(service, 'bgtasks_retries_total', { route, kind: 'job' })).to.deep.equal([1]);
      expect(await samples(service, 'bgtasks_dead_letters_total', { route })).to.deep.equal([1]);
      expect(await samples(service, 'bgtasks_handled_total', { route, result: 'HANDLER_FAILED' })).to.deep.equal([2]);
    });

    it('count what could not be published', async () => {
      await service.start();
      const route = unique('nobody');
      await rejection(service.enqueue(route, {}));
      const labels = { route, kind: 'job', result: 'NO_ROUTE' };
      expect(await samples(service, 'bgtasks_published_total', labels)).to.deep.equal([1]);
    });

    it('have the number of keys of each request of remote fields', async () => {
      const route = unique('images');
      service.rpcTask(route)((ids) => (ids as number[]).map((id) => ({ id })));
      await service.start();
      class Row extends Serializer({ image: new RemoteField({ route }) }, { service }) {}
      await Row.many([{ image: 1 }, { image: 2 }, { image: 2 }]).data;
      expect(await samples(service, 'bgtasks_remote_batch_keys_sum', { route })).to.deep.equal([2]);
      expect(await samples(service, 'bgtasks_remote_requests_total', { route, result: 'ok' })).to.deep.equal([1]);
      expect(await samples(service, 'bgtasks_remote_circuit_open', { route })).to.deep.equal([0]);
    });
  });
}

describe('metrics', () => {
  it('are off by default, and say so', async () => {
    const service = watched({ url: rabbitUrl(), metrics: false });
    await service.start();
    const { status, body } = await get(service, '/metrics');
    expect([status, body]).to.deep.equal([404, 'Metrics are off: configure({ metrics: true }).\n']);
  });

  it('go on when a service is closed and started again', async () => {
    const service = watched({ url: rabbitUrl(), environment: 'production' });
    const route = unique('again');
    service.rpcTask(route)(() => 1);
    for (const round of [1, 2]) {
      await service.start();
      await service.call(route);
      expect(await samples(service, 'bgtasks_handled_total', { route })).to.deep.equal([round]);
      await service.close();
    }
  });

  it('join those of a registry that is given', async () => {
    const registry = new Registry();
    const service = watched({ url: rabbitUrl(), metrics: { registry, process: true, buckets: [1, 2] } });
    await service.start();
    const text = await registry.metrics();
    expect(text).to.contain('bgtasks_connected 1').and.to.contain('process_cpu_seconds_total');
  });

  it('count runs that come by no broker, which is not asked for them', async () => {
    const service = watched({ url: 'amqp://127.0.0.1:1/', websocket: { port: 0 } });
    service.every('tick', '1 s', { perProcess: true })(() => 1);
    await service.start();
    await until(async () =>
      (await samples(service, 'bgtasks_handled_total', { route: 'tick' })).some((count) => count > 0),
    );
    const labels = { route: 'tick', kind: 'schedule', result: 'ok' };
    expect(await samples(service, 'bgtasks_handled_total', labels)).to.have.length(1);
    expect(service.health().connected).to.equal(false);
  });

  it('give an error of any code a bounded number of labels', async () => {
    const service = watched({ url: `memory://${unique('codes')}` });
    const route = unique('codes');
    service.rpcTask(route)((code) => {
      throw Object.assign(new Error('no'), { code });
    });
    await service.start();
    for (let index = 0; index < 120; index += 1) await rejection(service.call(route, `CODE_${index}`));
    for (const code of ['not a code', 'x"} 1\nevil']) await rejection(service.call(route, code));
    const all = await samples(service, 'bgtasks_handled_total', { route });
    expect(all).to.have.length(102); // 100 codes, OTHER, and HANDLER_FAILED for what is none
    expect(await samples(service, 'bgtasks_handled_total', { route, result: 'OTHER' })).to.deep.equal([20]);
    expect(await samples(service, 'bgtasks_handled_total', { route, result: 'HANDLER_FAILED' })).to.deep.equal([2]);
  });
});
