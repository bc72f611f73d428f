/** Caches of remote fields forget rows that a provider has changed: in other processes, through either broker. */
import 'reflect-metadata';
import { type Logger, provide, Service } from 'bgtasks';
import { expect } from 'chai';
import { Column, DataSource, DeleteDateColumn, Entity, In, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { silentLogger } from '../../lib/logger.js';
import { RemoteField, Serializer } from '../../serializers/index.js';
import { autoClose } from '../support/auto-close.js';
import { BROKERS, unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { databases } from './databases.js';

@Entity()
class Photo {
  @PrimaryGeneratedColumn() id!: number;
  @Column() title!: string;
  @Column({ unique: true }) slug!: string;
  @DeleteDateColumn() deletedAt!: Date | null;
}

@Entity()
class Price {
  @PrimaryColumn() shop!: number;
  @PrimaryColumn() sku!: string;
  @Column() cents!: number;
}

interface Row {
  id: number;
  title: string;
}

const cache = { ttlMs: 600_000 };

/** A service that caches a route, what it has asked for, and what it has heard of. */
function reader(url: string, route: string, options: object = {}, logger: Logger = silentLogger) {
  const service = autoClose(new Service({ url, environment: 'production', logger }));
  class Holder extends Serializer({ photo: new RemoteField<Row>({ route, cache, ...options }) }, { service }) {}
  const show = async (...keys: readonly unknown[]) =>
    (await Holder.many(keys.map((photo) => ({ photo }))).data).map(({ photo }) => photo?.title ?? null);
  const heard: unknown[] = [];
  const forget = service.remoteFields.invalidate.bind(service.remoteFields);
  service.remoteFields.invalidate = (name, keys) => {
    forget(name, keys);
    heard.push(keys);
  };
  return { service, show, heard, asked: () => service.remoteFields.stats()[route]?.keys ?? 0 };
}

for (const broker of BROKERS) {
  for (const database of databases()) {
    describe(`invalidation on ${broker.name} and ${database.name}`, () => {
      let dataSource: DataSource;
      let url: string;
      let route: string;
      let provider: Service;

      before(async function () {
        this.timeout(60_000);
        const opened = await database.open({ entities: [Photo, Price] });
        if (!opened) return this.skip();
        dataSource = opened;
      });

      after(() => database.close());

      const photos = () => dataSource.getRepository(Photo);
      const add = (title: string) => photos().save({ title, slug: unique(title) });

      beforeEach(() => {
        url = broker.url();
        route = unique('photos.get');
        provider = autoClose(new Service({ url, environment: 'production', logger: silentLogger }));
      });

      const serve = async (options: object = {}) => {
        provider.rpcTask(route)(provide(photos(), { invalidate: true, ...options }));
        await provider.start();
      };

      it('shows inserted, updated, soft-removed, recovered and removed rows as they are', async () => {
        const photo = await add('one');
        await serve();
        const { show, asked } = reader(url, route);
        const next = photo.id + 1;
        expect(await show(photo.id, next)).to.deep.equal(['one', null]);
        await show(photo.id, next);
        expect(asked()).to.equal(2);

        expect((await add('two')).id).to.equal(next);
        await until(async () => (await show(next))[0] === 'two');
        await photos().save({ id: photo.id, title: 'changed' });
        await until(async () => (await show(photo.id))[0] === 'changed');
        await photos().softRemove(photo);
        await until(async () => (await show(photo.id))[0] === null);
        await photos().recover(photo);
        await until(async () => (await show(photo.id))[0] === 'changed');
        await photos().remove(photo);
        await until(async () => (await show(next - 1))[0] === null);
        const before = asked();
        await show(next - 1, next);
        expect(asked(), 'only what has changed was asked again').to.equal(before);
        expect(before).to.equal(2 + 5);
      });

      it('forgets the whole route for what the query builder changes', async () => {
        const [one, two] = [await add('one'), await add('two')];
        await serve();
        const { show, heard } = reader(url, route);
        expect(await show(one.id, two.id)).to.deep.equal(['one', 'two']);
        await photos().update({ id: one.id }, { title: 'new' });
        await until(async () => (await show(one.id, two.id)).join() === 'new,two');
        await photos().createQueryBuilder().update().set({ title: 'all' }).where({ id: two.id }).execute();
        await until(async () => (await show(one.id, two.id)).join() === 'new,all');
        await photos().delete(two.id);
        await until(async () => (await show(one.id, two.id)).join() === 'new,');
        await photos().upsert({ title: 'upserted', slug: one.slug }, ['slug']);
        await until(async () => (await show(one.id)).join() === 'upserted');
        heard.length = 0;
        await photos().insert({ title: 'again', slug: two.slug });
        await until(() => heard.length > 0);
        expect(heard).to.deep.equal([undefined]);
      });

      it('says nothing before the commit, nothing after a rollback, and once what one transaction has changed', async () => {
        const [one, two] = [await add('one'), await add('two')];
        await serve();
        const { show, heard } = reader(url, route);
        await show(one.id, two.id);
        heard.length = 0;
        const mark = async (key: string) => {
          await provider.remoteFields.publishInvalidation(route, [key]);
          await until(() => heard.length > 0 && JSON.stringify(heard.at(-1)) === JSON.stringify([key]));
        };
        const change = (title: string, fail: boolean) =>
          dataSource.transaction(async (manager) => {
            await manager.save(Photo, { id: one.id, title });
            await manager.save(Photo, { id: two.id, title });
            await rejection(
              manager.transaction(async (inner) => {
                await inner.save(Photo, { id: one.id, title: 'inner' });
                throw new Error('of the savepoint');
              }),
            );
            await mark(title);
            if (fail) throw new Error('of the transaction');
          });
        await rejection(change('rolled back', true));
        await mark('after the rollback');
        await change('committed', false);
        await until(() => heard.length > 3);
        await mark('end');
        expect(heard).to.deep.equal([
          ['rolled back'],
          ['after the rollback'],
          ['committed'],
          [one.id, two.id],
          ['end'],
        ]);
        expect(await show(one.id, two.id)).to.deep.equal(['committed', 'committed']);
      });

      it('takes a bulk of rows as one change of everything', async () => {
        await serve();
        const { show, heard } = reader(url, route);
        await show(1);
        heard.length = 0;
        const bulk = (length: number) =>
          photos().save(Array.from({ length }, () => ({ title: 'bulk', slug: unique('bulk') })));
        const rows = await bulk(1000);
        await until(() => heard.length === 1);
        await bulk(1001);
        await until(() => heard.length === 2);
        expect(heard).to.deep.equal([rows.map(({ id }) => id), undefined]);
      }).timeout(20_000);

      it('knows keys by another property: the one before, and the one after', async () => {
        const photo = await add('one');
        await serve({ by: 'slug' });
        const { show } = reader(url, route, { mergeKey: 'slug' });
        const [before, after] = [photo.slug, unique('after')];
        expect(await show(before, after)).to.deep.equal(['one', null]);
        await photos().save({ id: photo.id, slug: after });
        await until(async () => (await show(before, after)).join() === ',one');
        await photos().remove(await photos().findOneByOrFail({ id: photo.id }));
        await until(async () => (await show(before, after)).join() === ',');
      });

      it('knows keys of several properties', async () => {
        const prices = dataSource.getRepository(Price);
        const sku = unique('sku');
        await prices.save({ shop: 1, sku, cents: 100 });
        provider.rpcTask(route)(provide(prices, { invalidate: true }));
        await provider.start();
        const service = autoClose(new Service({ url, environment: 'production', logger: silentLogger }));
        const price = new RemoteField<Price>({ route, cache, mergeKey: ['shop', 'sku'] });
        class Offer extends Serializer({ price }, { service }) {}
        const show = async () => (await new Offer({ price: { shop: 1, sku } }).data).price?.cents;
        expect(await show()).to.equal(100);
        await prices.save({ shop: 1, sku, cents: 200 });
        await until(async () => (await show()) === 200);
      });

      it('lets nothing be kept that was asked for before the change', async () => {
        const photo = await add('one');
        const answers: (() => void)[] = [];
        provider.rpcTask(route)(async (keys: number[]) => {
          const rows = await photos().findBy({ id: In(keys) });
          await new Promise<void>((resolve) => void answers.push(resolve));
          return rows;
        });
        await provider.start();
        const { show, heard } = reader(url, route);
        const first = show(photo.id);
        await until(() => answers.length === 1);
        heard.length = 0;
        await photos().save({ id: photo.id, title: 'two' });
        await provider.remoteFields.publishInvalidation(route, [photo.id]);
        await until(() => heard.length === 1);
        answers[0]?.();
        expect(await first).to.deep.equal(['one']);
        const second = show(photo.id);
        await until(() => answers.length === 2);
        answers[1]?.();
        expect(await second).to.deep.equal(['two']);
      });
    });
  }
}

describe('invalidation', () => {
  const open = (url: string, environment: 'production' | 'test' = 'production') =>
    autoClose(new Service({ url, environment, logger: silentLogger }));
  const titles = (title: () => string) => (keys: number[]) => keys.map((id) => ({ id, title: title() }));

  for (const broker of BROKERS) {
    describe(`by hand on ${broker.name}`, () => {
      it('makes every service forget the keys that it names, and at last everything', async () => {
        const [url, route] = [broker.url(), unique('photos.get')];
        let title = 'one';
        const provider = open(url);
        provider.rpcTask(route)(titles(() => title));
        await provider.start();
        const readers = [reader(url, route), reader(url, route)];
        const all = async (...keys: number[]) => (await Promise.all(readers.map(({ show }) => show(...keys)))).join();
        expect(await all(1, 2)).to.equal('one,one,one,one');
        title = 'two';
        await provider.remoteFields.publishInvalidation(route, new Set([2]));
        await until(async () => (await all(1, 2)) === 'one,two,one,two');
        await provider.remoteFields.publishInvalidation(route);
        await until(async () => (await all(1, 2)) === 'two,two,two,two');
      });

      it('reaches routes that are cached later on, and those that were before', async () => {
        const [url, first, second] = [broker.url(), unique('first'), unique('second')];
        let title = 'one';
        const provider = open(url);
        for (const route of [first, second]) provider.rpcTask(route)(titles(() => title));
        await provider.start();
        const { service, show } = reader(url, first);
        class Other extends Serializer({ photo: new RemoteField<Row>({ route: second, cache }) }, { service }) {}
        const showOther = async () => (await new Other({ photo: 1 }).data).photo?.title;
        expect([await show(1), await showOther()]).to.deep.equal([['one'], 'one']);
        title = 'two';
        await Promise.all([first, second].map((route) => provider.remoteFields.publishInvalidation(route, [1])));
        await until(async () => (await show(1))[0] === 'two' && (await showOther()) === 'two');
      });
    });
  }

  it('is refused for what is no key', async () => {
    const { remoteFields } = open(`memory://${unique('keys')}`);
    for (const key of [null, '', Number.NaN, [1], {}, { a: { b: 1 } }]) {
      expect(await rejection(remoteFields.publishInvalidation('a', [key]))).to.have.property('code', 'USAGE');
      expect(() => remoteFields.invalidate('a', [key]))
        .to.throw('invalidate: a key is a number')
        .with.property('code', 'USAGE');
    }
    expect(await rejection(remoteFields.publishInvalidation('a#', [1]))).to.have.property('code', 'INVALID_TASK');
    await remoteFields.publishInvalidation('a', [0, 'a', 5n, { a: 1, b: 'c' }]);
  });

  it('needs no listener, and costs none where no field has a cache', async () => {
    const [url, route] = [rabbitUrl(), unique('photos.get')];
    const provider = open(url);
    provider.rpcTask(route)(titles(() => 'one'));
    await provider.start();
    await provider.remoteFields.publishInvalidation(route, [1]);
    const service = open(url);
    const consumed: string[] = [];
    class Holder extends Serializer({ photo: new RemoteField<Row>({ route }) }, { service }) {}
    service.remoteFields.hears = (name) => consumed.push(name) > 0;
    await new Holder({ photo: 1 }).data;
    expect(consumed).to.deep.equal([]);
    expect(service.internals.broker()?.isConsuming).to.equal(true);
  });

  it('forgets everything when a connection was lost, and keeps nothing until it hears again', async function () {
    this.timeout(20_000);
    const target = new URL(rabbitUrl());
    const proxy = await autoClose(new TcpProxy(Number(target.port))).listen();
    const route = unique('photos.get');
    let title = 'one';
    const provider = open(target.href);
    provider.rpcTask(route)(titles(() => title));
    await provider.start();
    target.port = String(proxy.port);
    const { show, heard, service } = reader(target.href, route);
    expect(await show(1)).to.deep.equal(['one']);
    heard.length = 0;
    await proxy.refuse();
    await until(() => heard.length > 0);
    expect(heard).to.deep.equal([undefined]);
    title = 'two';
    await provider.remoteFields.publishInvalidation(route, [1]);
    expect(service.remoteFields.hears(route)).to.equal(false);
    await proxy.listen();
    await until(() => service.remoteFields.hears(route) === true);
    expect(await show(1)).to.deep.equal(['two']);
    title = 'three';
    expect(await show(1), 'kept again').to.deep.equal(['two']);
    await provider.remoteFields.publishInvalidation(route, [1]);
    await until(async () => (await show(1))[0] === 'three');
  });

  it('keeps an answer for those who wait for it alone while changes are not heard', async () => {
    const [url, route] = [`memory://${unique('deaf')}`, unique('photos.get')];
    const provider = open(url);
    provider.rpcTask(route)(titles(() => 'one'));
    await provider.start();
    const { show, asked, service } = reader(url, route);
    let isHeard: boolean | Promise<boolean> = false;
    service.remoteFields.hears = () => isHeard;
    await Promise.all([show(1), show(1)]);
    expect(asked()).to.equal(1);
    await show(1);
    expect(asked()).to.equal(2);
    isHeard = new Promise(() => {}); // as of a broker that does not answer: the response goes on without
    await show(1);
    isHeard = true;
    await show(1);
    expect(asked()).to.equal(4);
    await show(1);
    expect(asked()).to.equal(4);
  });
});

describe('a provider that tells of its changes', () => {
  it('is one of a repository', () => {
    const misuse = () => provide((() => []) as never, { invalidate: true } as never);
    expect(misuse).to.throw('"invalidate" is for a repository').with.property('code', 'USAGE');
    expect(() => provide({} as never, { invalidate: 1 } as never)).to.throw(
      '"invalidate" must be true or false, not 1',
    );
  });

  it('needs an initialized data source before start(), and in tests whenever it is', async () => {
    const dataSource = new DataSource({ type: 'sqljs', entities: [Photo, Price], synchronize: true });
    const route = unique('photos.get');
    const serve = (environment: 'production' | 'test') => {
      const service = autoClose(new Service({ url: `memory://${route}`, environment, logger: silentLogger }));
      service.rpcTask(route)(provide(dataSource.getRepository(Photo), { invalidate: true }));
      service.rpcTask('other')(() => 1);
      return service;
    };
    expect(await rejection(serve('production').start())).to.have.property('code', 'USAGE');

    const service = serve('test');
    expect(await service.call('other')).to.equal(1);
    class Holder extends Serializer({ photo: new RemoteField<Row>({ route, cache }) }, { service }) {}
    const show = async () => (await new Holder({ photo: 1 }).data).photo?.title;
    for (const title of ['first', 'second']) {
      await dataSource.initialize(); // again, as between two tests
      await dataSource.getRepository(Photo).save({ id: 1, title, slug: title });
      service.remoteFields.reset();
      expect(await show()).to.equal(title);
      await dataSource.getRepository(Photo).save({ id: 1, title: `${title} changed` });
      expect(await show(), 'known at once in the service itself').to.equal(`${title} changed`);
      await dataSource.destroy();
    }
  });

  it('is heard where its task is registered after start(), and no more when it is closed', async () => {
    const dataSource = await new DataSource({
      type: 'sqljs',
      entities: [Photo, Price],
      synchronize: true,
    }).initialize();
    const [url, route] = [`memory://${unique('late')}`, unique('photos.get')];
    const provider = autoClose(new Service({ url, environment: 'production', logger: silentLogger }));
    provider.rpcTask('other')(() => 1);
    await provider.start();
    expect(dataSource.subscribers).to.have.length(0);
    provider.rpcTask(route)(provide(dataSource.getRepository(Photo), { invalidate: true }));
    await until(() => dataSource.subscribers.length === 1);
    const photo = await dataSource.getRepository(Photo).save({ title: 'one', slug: 'one' });
    const { show } = reader(url, route);
    await until(async () => (await show(photo.id))[0] === 'one');
    await dataSource.getRepository(Photo).save({ id: photo.id, title: 'two' });
    await until(async () => (await show(photo.id))[0] === 'two');
    await provider.close();
    expect(dataSource.subscribers).to.have.length(0);
    await dataSource.destroy();
  });
});
