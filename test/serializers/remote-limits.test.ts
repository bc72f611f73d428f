/** Settings, circuits, deadlines and counts of remote fields. */
import { CallAbortedError, type CircuitOpenError, RemoteError, RpcTimeoutError, Service } from 'bgtasks';
import { failWith, testing, timeOut } from 'bgtasks/testing';
import { expect } from 'chai';
import { resolveRemoteFields } from '../../lib/remote/settings.js';
import { runIn, type Scope } from '../../lib/scope.js';
import { RemoteField, RPCSerializerMixin, Serializer, type ServiceLike } from '../../serializers/index.js';
import { Deadline } from '../../serializers/remote/deadline.js';
import { autoClose } from '../support/auto-close.js';
import { rejection } from '../support/rejection.js';
import { pause } from '../support/until.js';
import { type FakeService, fakeService, objects } from './fake-service.js';

interface Image {
  id: number;
  path: string;
}

const shower = (service: ServiceLike, options: object = {}) =>
  Serializer({ image: new RemoteField<Image>({ route: 'images.get', ...options }) }, { service });
const show = (service: ServiceLike, key: number, options: object = {}) =>
  new (shower(service, options))({ image: key }).data;
const withSettings = (service: FakeService, options: Parameters<typeof resolveRemoteFields>[0]): FakeService =>
  Object.assign(service, { settings: { ...service.settings, remoteFields: resolveRemoteFields(options) } });

describe('the setting remoteFields', () => {
  it('has defaults; in the environment test no circuit, as stubs fail on purpose', () => {
    expect(new Service({ environment: 'production' }).settings.remoteFields).to.deep.equal({
      onMissing: 'null',
      onError: 'raise',
      timeoutMs: undefined,
      maxBatch: 1000,
      concurrency: 100,
      circuit: { failures: 5, retryMs: 10_000 },
      coalesce: false,
    });
    expect(new Service({ environment: 'test' }).settings.remoteFields.circuit).to.equal(false);
    const asked = new Service({ environment: 'test', remoteFields: { circuit: { failures: 2 } } });
    expect(asked.settings.remoteFields.circuit).to.deep.equal({ failures: 2, retryMs: 10_000 });
  });

  for (const [options, message] of [
    [5, /"remoteFields" must be an object, not 5\./],
    [{ onMising: 'pk' }, /has no option "onMising": there are onMissing, onError/],
    [{ onMissing: 'raise' }, /"onMissing" must be one of null, drop, pk, error, not "raise"\./],
    [{ timeoutMs: 0 }, /"timeoutMs" must be a whole number from 1 to 2147483647, not 0\./],
    [{ concurrency: 1.5 }, /"concurrency" must be a whole number/],
    [{ circuit: true }, /"circuit" must be an object, not true\./],
    [{ circuit: { retry: 1 } }, /"circuit" has no option "retry"/],
    [{ circuit: { failures: 0 } }, /"failures" must be a whole number/],
    [{ coalesce: 'yes' }, /"coalesce" must be true or false/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => new Service({ remoteFields: options as never }))
        .to.throw(message)
        .with.property('code', 'INVALID_SETTING');
    });
  }

  it('gives policies to every field that says nothing itself', async () => {
    const service = withSettings(fakeService({ 'images.get': () => [] }), {
      onMissing: 'pk',
      timeoutMs: 70,
      maxBatch: 2,
    });
    expect(await show(service, 7)).to.deep.equal({ image: 7 });
    expect(await show(service, 7, { onMissing: 'null', timeoutMs: 80 })).to.deep.equal({ image: null });
    const Mixed = RPCSerializerMixin(shower(service), { onMissing: 'null', timeoutMs: 90, maxBatch: 1 });
    expect(await Mixed.many([{ image: 1 }, { image: 2 }]).data).to.deep.equal([{ image: null }, { image: null }]);
    await shower(service).many([1, 2, 3].map((image) => ({ image }))).data;
    expect(service.calls.map(({ body, options }) => [body, options])).to.deep.equal([
      [[7], { timeoutMs: 70 }],
      [[7], { timeoutMs: 80 }],
      [[1], { timeoutMs: 90 }],
      [[2], { timeoutMs: 90 }],
      [[1, 2], { timeoutMs: 70 }],
      [[3], { timeoutMs: 70 }],
    ]);
  });
});

describe('remote fields: chunks and concurrency', () => {
  /** A service that answers when it is told to. */
  const held = (options: object) => {
    const waiting: (() => void)[] = [];
    let most = 0;
    const service = withSettings(
      fakeService({
        'images.get': async (body) => {
          most = Math.max(most, waiting.length + 1);
          await new Promise<void>((resolve) => waiting.push(resolve));
          return (body as number[]).map((id) => ({ id, path: `/${id}` }));
        },
      }),
      options,
    );
    const release = async () => {
      while (waiting.length > 0) {
        waiting.shift()?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return { service, release, most: () => most };
  };
  const rows = (n: number) => Array.from({ length: n }, (_, image) => ({ image }));

  it('sends the keys of one response in at most 16 requests at once', async () => {
    const { service, release, most } = held({ maxBatch: 10 });
    const data = shower(service).many(rows(205)).data;
    await new Promise((resolve) => setImmediate(resolve));
    expect(service.calls).to.have.length(16);
    await release();
    expect((await data).map(({ image }) => image?.id)).to.deep.equal(rows(205).map(({ image }) => image));
    expect(service.calls).to.have.length(21);
    expect(most()).to.equal(16);
  });

  it('sends no more requests to one route at once than "concurrency", whoever asks', async () => {
    const { service, release, most } = held({ concurrency: 3 });
    const all = Promise.all(Array.from({ length: 10 }, (_, key) => show(service, key)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(service.calls).to.have.length(3);
    await release();
    expect(await all).to.have.length(10);
    expect(most()).to.equal(3);
  });

  it('counts the wait in line as a part of the timeout', async () => {
    const { service, release } = held({ concurrency: 1 });
    const first = show(service, 1);
    const error = await rejection(show(service, 2, { timeoutMs: 10 }));
    expect(error).to.be.instanceOf(RpcTimeoutError);
    expect(service.calls).to.have.length(1);
    await release();
    await first;
  });

  it('counts it as a part of the timeout of the service too, where a field says none', async () => {
    const { service, release } = held({ concurrency: 1 });
    Object.assign(service.settings as object, { rpcTimeoutMs: 60_000 });
    const first = show(service, 1);
    const second = show(service, 2);
    await pause(20);
    await release();
    await Promise.all([first, second]);
    const [free, late] = service.calls.map(({ options }) => options as { timeoutMs?: number });
    expect(free).to.deep.equal({});
    expect(late?.timeoutMs).to.be.within(1, 59_990);
  });

  it('waits in line no longer than the caller of the response does', async () => {
    const { service, release } = held({ concurrency: 1 });
    const first = show(service, 1);
    const scope: Scope = { service: undefined, caller: {}, deadline: Date.now() + 20, calls: 0 };
    const late = pause(1000).then(() => 'late');
    const error = await Promise.race([rejection(runIn(scope, () => show(service, 2, { timeoutMs: 60_000 }))), late]);
    expect(error).to.be.instanceOf(RpcTimeoutError);
    await release();
    await first;
  });

  it('sends nothing more of a response once a request of it has failed', async () => {
    const service = withSettings(
      fakeService({
        'images.get': () => {
          throw new Error('broken');
        },
      }),
      { maxBatch: 1 },
    );
    await rejection(shower(service).many(rows(100)).data);
    expect(service.calls).to.have.length(16);
  });
});

describe('remote fields: the circuit of a route', () => {
  const outcome = async (service: ServiceLike, key = 1) =>
    show(service, key).then(
      () => 'shown',
      (error) => error.code as string,
    );
  const failing = (error: () => Error) =>
    fakeService({
      'images.get': () => {
        throw error();
      },
      'teams.get': objects(),
    });
  const late = () => new RpcTimeoutError('images.get', 60_000);

  it('is not called any more after five timeouts in a row, and costs no time', async () => {
    const service = failing(late);
    const outcomes: string[] = [];
    for (let i = 0; i < 7; i++) outcomes.push(await outcome(service));
    expect(outcomes).to.deep.equal([...Array(5).fill('RPC_TIMEOUT'), 'CIRCUIT_OPEN', 'CIRCUIT_OPEN']);
    expect(service.calls).to.have.length(5);
  });

  it('follows onError like any failure', async () => {
    const service = failing(late);
    for (let i = 0; i < 6; i++) expect(await show(service, 7, { onError: 'pk' })).to.deep.equal({ image: 7 });
    expect(service.calls).to.have.length(5);
    expect(service.warnings.at(-1)).to.contain('is not called: the last 5 calls failed');
  });

  it('belongs to one route of one service', async () => {
    const service = failing(late);
    for (let i = 0; i < 6; i++) await outcome(service);
    const Team = Serializer({ team: new RemoteField({ route: 'teams.get' }) }, { service });
    expect((await new Team({ team: 1 }).data).team?.id).to.equal(1);
    expect(await outcome(fakeService({ 'images.get': objects() }))).to.equal('shown');
  });

  for (const [what, error] of [
    ['errors of the task', () => new RemoteError('images.get', { code: 'BAD', message: 'no such key' })],
    ['what a client has aborted', () => new CallAbortedError('images.get')],
    ['timeouts of calls that were given next to nothing', () => new RpcTimeoutError('images.get', 20)],
  ] as const) {
    it(`does not count ${what}`, async () => {
      const service = failing(error);
      for (let i = 0; i < 12; i++) expect(await outcome(service)).to.not.equal('CIRCUIT_OPEN');
    });
  }

  it('counts a short timeout that the field itself has asked for', async () => {
    const service = failing(() => new RpcTimeoutError('images.get', 20));
    for (let i = 0; i < 6; i++) await rejection(show(service, 1, { timeoutMs: 20 }));
    expect(service.calls).to.have.length(5);
  });

  it('can be switched off', async () => {
    const service = withSettings(failing(late), { circuit: false });
    for (let i = 0; i < 12; i++) expect(await outcome(service)).to.equal('RPC_TIMEOUT');
  });

  it('closes again over a real service when its provider comes back', async () => {
    const remoteFields = { circuit: { failures: 2, retryMs: 400 } };
    const service = autoClose(
      new Service({ environment: 'test', url: 'memory://circuit', rpcTimeoutMs: 100, remoteFields }),
    );
    testing(service).stub('images.get', timeOut());
    expect([await outcome(service), await outcome(service)]).to.deep.equal(['RPC_TIMEOUT', 'RPC_TIMEOUT']);
    const error = (await rejection(show(service, 1))) as CircuitOpenError;
    expect(error.retryAt.getTime() - error.openedAt.getTime()).to.equal(400);
    expect(service.remoteFields.stats()['images.get']?.circuit).to.equal('open');
    testing(service).stub('images.get', [{ id: 1 }]);
    await pause(410);
    expect([await outcome(service), await outcome(service)]).to.deep.equal(['shown', 'shown']);
    expect(service.remoteFields.stats()['images.get']?.circuit).to.equal('closed');
  });
});

describe('remote fields: the counts of a service', () => {
  it('tells calls, keys, failures, refusals and what responses went without', async () => {
    const remoteFields = { circuit: { failures: 1, retryMs: 60_000 }, maxBatch: 2 };
    const service = autoClose(new Service({ environment: 'test', url: 'memory://counts', remoteFields }));
    expect(service.remoteFields.stats()).to.deep.equal({});
    testing(service).stub('images.get', []);
    await shower(service).many([1, 2, 3].map((image) => ({ image }))).data;
    testing(service).stub('images.get', failWith('broken'));
    await show(service, 1, { onError: 'null' });
    testing(service).stub('images.get', timeOut());
    for (let i = 0; i < 2; i++) await show(service, 1, { onError: 'null', timeoutMs: 50 });
    expect(service.remoteFields.stats()).to.deep.equal({
      'images.get': { calls: 4, keys: 5, failures: 2, refused: 1, cached: 0, degraded: 3, circuit: 'open' },
    });
  });
});

describe('remote fields: one deadline for all waves', () => {
  it('gives the first wave what its fields say, and the next what is left', () => {
    let now = 0;
    const deadline = new Deadline(() => now);
    deadline.startWave();
    now = 1;
    expect(deadline.limit('a', 500, 60_000)).to.equal(500);
    expect(deadline.limit('b', undefined, 2000)).to.equal(undefined);
    now = 800;
    deadline.startWave();
    expect(deadline.limit('c', undefined, 2000)).to.equal(1200);
    expect(deadline.limit('c', 700, 2000)).to.equal(700);
    expect(deadline.limit('c', 1900, 2000)).to.equal(1200);
    now = 2000;
    deadline.startWave();
    expect(() => deadline.limit('d', undefined, 2000))
      .to.throw(RpcTimeoutError)
      .with.property('message', 'No reply from "d" within 2000 ms.');
  });

  it('waits for ever where nobody has said how long', () => {
    let now = 0;
    const deadline = new Deadline(() => now);
    deadline.startWave();
    now = 1e9;
    deadline.startWave();
    expect(deadline.limit('a', undefined, undefined)).to.equal(undefined);
    expect(deadline.limit('a', 50, undefined)).to.equal(50);
  });

  const tree = (service: ServiceLike) => {
    class Owner extends Serializer({ image: new RemoteField<Image>({ route: 'images.get' }) }) {}
    return Serializer(
      { owner: new RemoteField<{ id: number }>({ route: 'users.get', serializer: Owner }) },
      { service },
    );
  };

  it('gives the second wave less than the first', async () => {
    const service = fakeService({
      'users.get': async (ids) => {
        await pause(20);
        return (ids as number[]).map((id) => ({ id, image: id }));
      },
      'images.get': objects(),
    });
    Object.assign(service.settings as object, { rpcTimeoutMs: 60_000 });
    await new (tree(service))({ owner: 1 }).data;
    const [first, second] = service.calls.map(({ options }) => options as { timeoutMs?: number });
    expect(first).to.deep.equal({});
    expect(second?.timeoutMs).to.be.within(1, 59_985);
  });

  it('starts with the first request, however long a row lets its key be waited for', async () => {
    const service = fakeService({ 'images.get': objects() });
    const image = pause(30).then(() => 7);
    const shown = await new (shower(service, { timeoutMs: 20 }))({ image } as never).data;
    expect(shown).to.deep.equal({ image: { id: 7, path: '/7.jpg' } });
    expect(service.calls.map(({ options }) => options)).to.deep.equal([{ timeoutMs: 20 }]);
  });

  it('ends its calls when nobody waits for the response any more', async () => {
    const service = autoClose(new Service({ environment: 'test', url: 'memory://gone' }));
    const controller = new AbortController();
    testing(service).stub('users.get', async (ids: number[]) => {
      controller.abort(new Error('gone'));
      await pause(5);
      return ids.map((id) => ({ id, image: id }));
    });
    testing(service).stub('images.get', []);
    const scope: Scope = { service, caller: {}, deadline: undefined, signal: controller.signal, calls: 0 };
    const error = await rejection(runIn(scope, () => new (tree(service))({ owner: 1 }).data));
    expect(error).to.be.instanceOf(CallAbortedError);
    expect(((error as Error).cause as Error).message).to.equal('gone');
    expect(testing(service).calls('images.get')).to.deep.equal([]);
  });
});
