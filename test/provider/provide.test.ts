import 'reflect-metadata';
import { type ProviderRequest, provide, Service } from 'bgtasks';
import { expect } from 'chai';
import { Column, DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn, type Logger as QueryLogger } from 'typeorm';
import { autoClose } from '../support/auto-close.js';
import { rejection } from '../support/rejection.js';

@Entity()
class Image {
  @PrimaryGeneratedColumn() id!: number;
  @Column() path!: string;
  @Column() tenant!: number;
  @Column({ select: false }) secret!: string;
}

@Entity()
class Tag {
  @PrimaryColumn('varchar') id!: string;
  @Column() label!: string;
}

describe('provide', () => {
  let database: DataSource;
  let service: Service;
  let queries: string[];

  before(async () => {
    const logger = { logQuery: (query: string) => void queries?.push(query) } as unknown as QueryLogger;
    const silent = new Proxy(logger, { get: (target, key) => Reflect.get(target, key) ?? (() => {}) });
    database = new DataSource({
      type: 'sqljs',
      entities: [Image, Tag],
      synchronize: true,
      logger: silent,
      logging: ['query'],
    });
    await database.initialize();
    const images = Array.from({ length: 5 }, (_, index) => ({
      path: `/${index + 1}.jpg`,
      tenant: index % 2,
      secret: 's',
    }));
    await database.getRepository(Image).save(images);
    await database.getRepository(Tag).save([{ id: 'a', label: 'A' }]);
  });

  after(() => database.destroy());

  beforeEach(() => {
    queries = [];
    service = autoClose(new Service({ environment: 'test', url: 'memory://provide' }));
  });

  describe('of a repository', () => {
    const rows = (...ids: number[]) => ids.map((id) => ({ id, path: `/${id}.jpg`, tenant: (id + 1) % 2 }));

    for (const [form, body] of [
      ['a bare list', [2, 1, 2]],
      ['ids', { ids: [2, 1] }],
      ['the oldest form', { kwargs: { pks: [1, 2] } }],
    ] as const) {
      it(`answers ${form} with one query`, async () => {
        service.rpcTask('images.get')(provide(database.getRepository(Image)));
        const answer = await service.call('images.get', body);
        expect(answer).to.have.property('status', 'success');
        expect(answer).to.have.property('data').that.has.deep.members(rows(1, 2));
        expect(queries).to.have.length(1);
      });
    }

    it('leaves out what is not there', async () => {
      service.rpcTask('images.get')(provide(database.getRepository(Image)));
      expect(await service.call('images.get', [99, 3])).to.deep.equal({ status: 'success', data: rows(3) });
      expect(await service.call('images.get', [])).to.deep.equal({ status: 'success', data: [] });
    });

    it('selects the columns that were asked for', async () => {
      service.rpcTask('images.get')(provide(database.getRepository(Image)));
      expect(await service.call('images.get', { ids: [1], fields: ['path'] })).to.deep.equal({
        status: 'success',
        data: [{ id: 1, path: '/1.jpg' }],
      });
      expect(queries[0]).to.not.contain('tenant').and.to.not.contain('secret');
    });

    it('names the fields that are not there, to which columns with select: false belong', async () => {
      service.rpcTask('images.get')(provide(database.getRepository(Image)));
      expect(await service.call('images.get', { ids: [1], fields: ['path', 'secret', 'nothing'] })).to.deep.equal({
        status: 'fail',
        data: { fields: ['There is no "secret","nothing" to ask for. There is: id, path, tenant.'] },
      });
      expect(queries).to.deep.equal([]);
    });

    it('gives a column with select: false where the provider exposes it and the caller names it', async () => {
      service.rpcTask('images.get')(provide(database.getRepository(Image), { expose: ['secret'] }));
      expect(await service.call('images.get', { ids: [1], fields: ['secret'] })).to.deep.equal({
        status: 'success',
        data: [{ id: 1, secret: 's' }],
      });
      expect(await service.call('images.get', [3])).to.deep.equal({ status: 'success', data: rows(3) });
    });

    it('limits the rows by what it knows of the caller', async () => {
      service.rpcTask('images.get')(provide(database.getRepository(Image), { where: () => ({ tenant: 1 }) }));
      expect(await service.call('images.get', [1, 2, 3])).to.deep.equal({ status: 'success', data: rows(2) });
    });

    it('takes keys that are texts', async () => {
      service.rpcTask('tags.get')(provide(database.getRepository(Tag)));
      expect(await service.call('tags.get', ['a', 'b'])).to.deep.equal({
        status: 'success',
        data: [{ id: 'a', label: 'A' }],
      });
    });

    it('asks for many keys by one query, or by as few as the database takes', async () => {
      service.rpcTask('images.get')(provide(database.getRepository(Image), { maxKeys: 40_000 }));
      const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
      for (const [count, expected] of [
        [10_000, 1],
        [40_000, 2],
      ] as const) {
        queries.length = 0;
        expect(await service.call('images.get', ids(count)))
          .to.have.property('data')
          .with.length(5);
        expect(queries).to.have.length(expected);
      }
    });
  });

  describe('of a function', () => {
    it('hands over keys, fields and params', async () => {
      let got: ProviderRequest | undefined;
      service.rpcTask('x')(
        provide(async (request) => {
          got = request;
          return request.keys.map((id) => ({ id }));
        }),
      );
      const body = { ids: [1], fields: ['id'], params: { size: 'small' } };
      expect(await service.call('x', body)).to.deep.equal({ status: 'success', data: [{ id: 1 }] });
      expect(got).to.deep.equal({ keys: [1], fields: ['id'], params: { size: 'small' } });
    });

    it('cuts many rows to many names in no time', async () => {
      service.rpcTask('many.get')(provide(({ keys }) => keys.map((id) => ({ id, path: '/' }))));
      const ids = Array.from({ length: 1000 }, (_, id) => id);
      const fields = Array.from({ length: 20_000 }, (_, i) => (i % 2 ? 'id' : `name${i}`));
      const startedAt = performance.now();
      const answer = await service.call('many.get', { ids, fields });
      expect(answer).to.deep.equal({ status: 'success', data: ids.map((id) => ({ id })) });
      expect(performance.now() - startedAt).to.be.lessThan(1000);
    });

    it('takes any iterable, and what has a promise of data', async () => {
      service.rpcTask('x')(provide(({ keys }) => new Set(keys.map((id) => ({ id })))));
      service.rpcTask('y')(provide(({ keys }) => ({ data: Promise.resolve(keys.map((id) => ({ id }))) })));
      expect(await service.call('x', [1])).to.deep.equal({ status: 'success', data: [{ id: 1 }] });
      expect(await service.call('y', [1])).to.deep.equal({ status: 'success', data: [{ id: 1 }] });
    });

    it('names the route where something else comes back', async () => {
      service.rpcTask('x')(provide((() => 5) as unknown as () => object[]));
      expect((await rejection(service.call('x', [1]))) as Error)
        .to.have.property('message')
        .that.contains('provider of "x"');
    });
  });

  describe('bad requests are answered with a fail', () => {
    for (const [body, data] of [
      [null, { non_field_errors: ['Expected a list of keys or an object with "ids", but got null.'] }],
      ['x', { non_field_errors: ['Expected a list of keys or an object with "ids", but got "x".'] }],
      [{}, { ids: ['Expected a list of keys, but got undefined.'] }],
      [{ ids: 1 }, { ids: ['Expected a list of keys, but got 1.'] }],
      [[1, null], { ids: { 1: ['Incorrect type. Expected a number or a string, but got null.'] } }],
      [[[1]], { ids: { 0: ['Incorrect type. Expected a number or a string, but got [1].'] } }],
      [[1, 2, 3, 4], { ids: ['Ensure this list has no more than 3 keys; it has 4.'] }],
      [{ ids: [1], fields: 'id' }, { fields: ['Expected a list of names, but got "id".'] }],
      [{ ids: [1], params: [1] }, { params: ['Expected an object, but got [1].'] }],
    ] as const) {
      it(JSON.stringify(body), async () => {
        service.rpcTask('x')(provide(async () => [], { maxKeys: 3 }));
        expect(await service.call('x', body)).to.deep.equal({ status: 'fail', data });
      });
    }
  });
});
