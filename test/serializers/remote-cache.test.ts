/** The cache of remote fields, and keys that several responses ask for at once. */
import { CallAbortedError, type Caller, currentCaller, RpcTimeoutError, runAs, Service } from 'bgtasks';
import { testing } from 'bgtasks/testing';
import { expect } from 'chai';
import { resolveRemoteFields } from '../../lib/remote/settings.js';
import { runIn, type Scope } from '../../lib/scope.js';
import { type CacheOptions, RemoteField, Serializer, type ServiceLike } from '../../serializers/index.js';
import { autoClose } from '../support/auto-close.js';
import { rejection } from '../support/rejection.js';
import { pause } from '../support/until.js';
import { type FakeService, fakeService, objects } from './fake-service.js';

interface Image {
  id: number;
  path: string;
}

const bodies = (service: FakeService) => service.calls.map(({ body }) => body);
const as = <T>(caller: object, run: () => T) => runAs(caller as Caller, run);

describe('remote fields: cache', () => {
  let service: FakeService;

  beforeEach(() => {
    service = fakeService({ 'images.get': objects() });
  });

  const field = (cache: CacheOptions, options: object = {}) =>
    new RemoteField<Image>({ route: 'images.get', cache, ...options });
  const cached = field({ ttlMs: 60_000 });
  const shower = (remote: ReturnType<typeof field> = cached, own: ServiceLike = service) =>
    Serializer({ image: remote }, { service: own });
  const show = (...keys: readonly unknown[]) => shower().many(keys.map((image) => ({ image }))).data;

  it('asks once for a key, in however many responses, and only for what it lacks', async () => {
    await show(1, 2);
    const rows = await show(2, 3, '1');
    expect(rows.map(({ image }) => image?.path)).to.deep.equal(['/2.jpg', '/3.jpg', '/1.jpg']);
    await show(1, 2, 3);
    expect(bodies(service)).to.deep.equal([[1, 2], [3]]);
  });

  it('holds a hundred forms of request of a route, those used last', async () => {
    const ask = (page: number) => new (shower(field({ ttlMs: 60_000 }, { params: { page } })))({ image: 1 }).data;
    for (let page = 0; page < 100; page++) await ask(page);
    await ask(0);
    expect(service.calls).to.have.length(100);
    await ask(100); // in place of page 1
    await ask(0);
    expect(service.calls).to.have.length(101);
    await ask(1);
    expect(service.calls).to.have.length(102);
  });

  it('is not there unless a field asks for it', async () => {
    for (let i = 0; i < 2; i++) await new (shower(new RemoteField<Image>({ route: 'images.get' })))({ image: 1 }).data;
    expect(service.calls).to.have.length(2);
  });

  it('keeps missing objects too, under the policy of each field', async () => {
    service = fakeService({ 'images.get': () => [] });
    expect(await show(1)).to.deep.equal([{ image: null }]);
    const pk = field({ ttlMs: 60_000 }, { onMissing: 'pk' });
    expect(await new (shower(pk))({ image: 1 }).data).to.deep.equal({ image: 1 });
    expect(service.calls).to.have.length(1);
  });

  it('shares one call among responses that are made at once', async () => {
    const all = await Promise.all([show(1, 2), show(2, 3), show(1)]);
    expect(all.flat().map(({ image }) => image?.id)).to.deep.equal([1, 2, 2, 3, 1]);
    expect(bodies(service)).to.deep.equal([[1, 2], [3]]);
  });

  it('does not let a patient field fail with the call of an impatient one', async () => {
    const call: FakeService['call'] = async (route, body, options) => {
      await pause(10);
      if (options?.timeoutMs === 20) throw new RpcTimeoutError(route, 20);
      return service.call(route, body, options);
    };
    const own = { ...service, call };
    const show = (timeoutMs: number) => new (shower(field({ ttlMs: 60_000 }, { timeoutMs }), own))({ image: 1 }).data;
    const impatient = rejection(show(20));
    const patient = show(2000);
    const joined = show(1000);
    expect(await impatient).to.be.instanceOf(RpcTimeoutError);
    expect((await patient).image?.id).to.equal(1);
    expect((await joined).image?.id).to.equal(1);
    expect((await show(20)).image?.id).to.equal(1);
    expect(service.calls.map(({ options }) => options)).to.deep.equal([{ timeoutMs: 2000 }]);
  });

  it('gives each response objects of its own', async () => {
    const [first] = await show(1);
    (first as { image: Image }).image.path = 'changed';
    expect(await show(1)).to.deep.equal([{ image: { id: 1, path: '/1.jpg' } }]);
  });

  it('keeps callers apart, whatever the address they ask', async () => {
    await as({ user: 1, url: '/a' }, () => show(1));
    await as({ user: 2, url: '/a' }, () => show(1));
    await as({ user: 1, url: '/b' }, () => show(1));
    await show(1);
    expect(service.calls).to.have.length(3);
  });

  it('shares among callers what its scope says they share', async () => {
    const shared = shower(field({ ttlMs: 60_000, scope: () => '' }));
    const tenants = shower(field({ ttlMs: 60_000, scope: (caller) => String((caller as { tenant?: string }).tenant) }));
    for (const user of [1, 2, 3]) {
      const caller = { user, tenant: user < 3 ? 'x' : 'y' };
      await as(caller, () => new shared({ image: 1 }).data);
      await as(caller, () => new tenants({ image: 1 }).data);
    }
    expect(service.calls).to.have.length(1 + 2);
  });

  it('fails by onError where its scope does, and counts nothing as cached', async () => {
    const broken = field({ ttlMs: 60_000, scope: async () => 'x' } as never, { onError: 'null' });
    const own = autoClose(new Service({ environment: 'test', url: 'memory://scope' }));
    expect(await new (shower(broken, own))({ image: 1 }).data).to.deep.equal({ image: null });
    expect(own.remoteFields.stats()['images.get']).to.deep.include({ cached: 0, calls: 0, degraded: 1 });
  });

  it('keeps forms of request apart: other fields, other params', async () => {
    const paths = field({ ttlMs: 60_000 }, { fields: ['path'] });
    const small = field({ ttlMs: 60_000 }, { params: { size: 1 } });
    const Three = Serializer({ a: cached, b: paths, c: small }, { service });
    for (let i = 0; i < 2; i++) {
      const shown = await new Three({ a: 1, b: 1, c: 1 }).data;
      expect(shown.b).to.deep.equal({ path: '/1.jpg' });
    }
    expect(bodies(service)).to.deep.equal([
      [1],
      { ids: [1], fields: ['path', 'id'] },
      { ids: [1], params: { size: 1 } },
    ]);
  });

  it('belongs to one service', async () => {
    const other = fakeService({ 'images.get': objects() });
    await show(1);
    await new (shower(cached, other))({ image: 1 }).data;
    expect(other.calls).to.have.length(1);
  });

  it('keeps no failure', async () => {
    let isDown = true;
    service = fakeService({
      'images.get': (body) => {
        if (isDown) throw new Error('down');
        return objects()(body);
      },
    });
    await rejection(show(1));
    isDown = false;
    expect((await show(1))[0]?.image?.id).to.equal(1);
  });

  it('asks again for what has been invalidated: some keys, or all of a route', async () => {
    const own = autoClose(new Service({ environment: 'test', url: 'memory://cache' }));
    const { stub, calls } = testing(own);
    stub('images.get', (ids: number[]) => ids.map((id) => ({ id, path: 'x' })));
    const read = () => shower(cached, own).many([1, 2, 3].map((image) => ({ image }))).data;
    const asked = () => calls('images.get').map(({ body }) => body);
    own.remoteFields.invalidate('images.get', [1]);
    await read();
    own.remoteFields.invalidate('images.get', ['2', 3, 99]);
    own.remoteFields.invalidate('teams.get');
    await read();
    own.remoteFields.invalidate('images.get');
    await read();
    await read();
    expect(asked()).to.deep.equal([
      [1, 2, 3],
      [2, 3],
      [1, 2, 3],
    ]);
    expect(own.remoteFields.stats()['images.get']).to.include({ calls: 3, keys: 8, cached: 4 });
  });

  it('is forgotten between tests, with what has been counted', async () => {
    const own = autoClose(new Service({ environment: 'test', url: 'memory://cache-reset' }));
    const { stub, reset } = testing(own);
    const read = async (path: string) => {
      stub('images.get', [{ id: 1, path }]);
      return (await new (shower(cached, own))({ image: 1 }).data).image?.path;
    };
    expect([await read('a'), await read('b')]).to.deep.equal(['a', 'a']);
    await reset();
    expect(own.remoteFields.stats()).to.deep.equal({});
    expect(await read('c')).to.equal('c');
  });

  it('goes on for the others when the response that asked first is given up', async () => {
    const own = autoClose(new Service({ environment: 'test', url: 'memory://shared' }));
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    testing(own).stub('images.get', async (ids: number[]) => {
      await held;
      return ids.map((id) => ({ id, path: 'x' }));
    });
    const controller = new AbortController();
    const scope = (rest: object): Scope => ({ service: own, caller: {}, deadline: undefined, calls: 0, ...rest });
    const read = (within: Scope) => runIn(within, () => new (shower(cached, own))({ image: 1 }).data);
    const first = scope({ signal: controller.signal });
    const givenUp = rejection(read(first));
    const hurried = rejection(read(scope({ deadline: Date.now() + 20 })));
    const patient = read(scope({}));
    await pause(1);
    controller.abort();
    expect(await givenUp).to.be.instanceOf(CallAbortedError);
    expect(await hurried).to.be.instanceOf(RpcTimeoutError);
    release();
    expect((await patient).image?.id).to.equal(1);
    expect(testing(own).calls('images.get')).to.have.length(1);
    expect(first.calls).to.equal(1);
  });

  for (const [cache, message] of [
    [{}, /"cache" needs "ttlMs"/],
    [5, /"cache" must be an object, not 5/],
    [{ ttlMs: 0 }, /"cache" is wrong: "ttlMs" must be a whole number/],
    [{ ttlMs: 1, max: 0 }, /"max" must be/],
    [{ ttlMs: 1, scope: 'all' }, /"scope" must be a function/],
    [{ ttl: 1 }, /"cache" has no option "ttl": there are ttlMs, max, scope/],
  ] as const) {
    it(`refuses ${JSON.stringify(cache)}`, () => {
      expect(() => new RemoteField<Image>({ route: 'images.get', cache: cache as never }))
        .to.throw(message)
        .with.property('code', 'USAGE');
    });
  }
});

describe('remote fields: coalescing', () => {
  let service: FakeService;
  let callers: Caller[];

  beforeEach(() => {
    callers = [];
    service = fakeService({
      'images.get': (body) => {
        callers.push(currentCaller());
        return objects()(body);
      },
    });
    Object.assign(service, { settings: { remoteFields: resolveRemoteFields({ coalesce: true, maxBatch: 500 }) } });
  });

  const image = (options: object = {}) => new RemoteField<Image>({ route: 'images.get', ...options });
  const show = (key: number, options: object = {}) =>
    new (Serializer({ image: image(options) }, { service }))({ image: key }).data;

  it('makes one call of what a hundred responses ask for in one turn', async () => {
    const shown = await Promise.all(Array.from({ length: 100 }, (_, i) => show(i % 40)));
    expect(shown.map((row) => row.image?.id)).to.deep.equal(Array.from({ length: 100 }, (_, i) => i % 40));
    expect(bodies(service)).to.deep.equal([Array.from({ length: 40 }, (_, i) => i)]);
  });

  it('is not there unless the setting asks for it', async () => {
    const plain = fakeService({ 'images.get': objects() });
    const One = Serializer({ image: image() }, { service: plain });
    await Promise.all([new One({ image: 1 }).data, new One({ image: 2 }).data]);
    expect(plain.calls).to.have.length(2);
  });

  it('does not hold what is asked for in a later turn', async () => {
    await show(1);
    await show(1);
    expect(service.calls).to.have.length(2);
  });

  it('asks for each caller by itself, on its behalf', async () => {
    await Promise.all([1, 2, 1].map((user, i) => as({ user, url: `/${i}` }, () => show(i))));
    expect(bodies(service)).to.deep.equal([[0, 2], [1]]);
    expect(callers).to.deep.equal([
      { user: 1, url: '/0' },
      { user: 2, url: '/1' },
    ]);
  });

  it('gives each response objects of its own', async () => {
    const [one, other] = await Promise.all([show(1), show(1)]);
    expect(one).to.deep.equal(other);
    expect(one.image).to.not.equal(other.image);
  });

  it('waits as long as the most patient, and fails for all when the call does', async () => {
    await Promise.all([show(1, { timeoutMs: 100 }), show(2, { timeoutMs: 200 })]);
    expect(service.calls.map(({ options }) => options)).to.deep.equal([{ timeoutMs: 200 }]);
    service = Object.assign(
      fakeService({
        'images.get': () => {
          throw new Error('down');
        },
      }),
      { settings: service.settings },
    );
    const both = await Promise.allSettled([show(1), show(2, { onError: 'pk' })]);
    expect(both.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled']);
  });

  it('works with a cache: only what nobody has is asked for', async () => {
    const cache = { ttlMs: 60_000 };
    await Promise.all([show(1, { cache }), show(2, { cache })]);
    await Promise.all([show(2, { cache }), show(3, { cache })]);
    expect(bodies(service)).to.deep.equal([[1, 2], [3]]);
  });
});
