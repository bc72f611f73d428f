import 'reflect-metadata';
import { currentCaller } from 'bgtasks';
import { expect } from 'chai';
import {
  Column,
  type DataSource,
  Entity,
  In,
  ManyToOne,
  Not,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { runAs } from '../../lib/caller.js';
import { keysPerQuery } from '../../lib/provider/parameters.js';
import { type ProviderRequest, provide } from '../../lib/provider/provide.js';
import { Service } from '../../lib/service/service.js';
import type { TaskContext } from '../../lib/tasks/task.js';
import { ValidationError } from '../../lib/validation-error.js';
import { ModelSerializer, RemoteField, Serializer } from '../../serializers/index.js';
import { databases, QueryCounter } from '../serializers/databases.js';
import { autoClose } from '../support/auto-close.js';
import { rejection } from '../support/rejection.js';

class Size {
  @Column() width!: number;
  @Column({ select: false }) depth!: number;
}

@Entity()
class Owner {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
}

@Entity()
class Picture {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true }) path!: string;
  @Column() tenant!: number;
  @Column(() => Size) size!: Size;
  @ManyToOne(() => Owner, { eager: true, nullable: true }) owner!: Relation<Owner> | null;
}

@Entity()
class Person {
  @PrimaryColumn('uuid') id!: string;
  @Column() name!: string;
}

@Entity()
class Stock {
  @PrimaryColumn() tenant!: number;
  @PrimaryColumn() sku!: string;
  @Column() count!: number;
}

const TOM = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

for (const database of databases()) {
  describe(`provide of a repository on ${database.name}`, () => {
    const counter = new QueryCounter();
    let dataSource: DataSource;
    let service: Service;

    before(async function () {
      this.timeout(60_000);
      const entities = [Picture, Owner, Person, Stock];
      const opened = await database.open({ entities, logger: counter.logger, logging: ['query'] });
      if (!opened) return this.skip();
      dataSource = opened;
      const owner = await dataSource.getRepository(Owner).save({ name: 'Ann' });
      await dataSource
        .getRepository(Picture)
        .save([1, 2, 3].map((id) => ({ path: `/${id}`, tenant: id % 2, size: { width: id, depth: 7 }, owner })));
      await dataSource.getRepository(Person).save({ id: TOM, name: 'Tom' });
      await dataSource
        .getRepository(Stock)
        .insert(Array.from({ length: 1200 }, (_, n) => ({ tenant: n % 2, sku: `s${Math.floor(n / 2)}`, count: n })));
    });

    after(() => database.close());

    beforeEach(() => {
      service = autoClose(new Service({ environment: 'test', url: 'memory://provide-repository', dataSource }));
    });

    const pictures = () => dataSource.getRepository(Picture);
    const dataOf = async (body: unknown, route = 'pictures.get') => {
      const { result, queries } = await counter.during(() => service.call(route, body));
      return { ...(result as { status: string; data: unknown }), queries };
    };
    const ids = (data: unknown) => (data as { id: number }[]).map(({ id }) => id);

    it('leaves out keys that no row can have, and finds the others by one query', async () => {
      service.rpcTask('pictures.get')(provide(pictures()));
      const keys = [1, 'abc', '2', 1.5, 2 ** 40, '99999999999999999999', '1e0', ' 3', true && -1, '02', 'NaN'];
      const { status, data, queries } = await dataOf(keys);
      expect([status, ids(data).sort()]).to.deep.equal(['success', [1, 2]]);
      expect(queries).to.have.length(1);
    });

    it('asks nothing where no key is left', async () => {
      service.rpcTask('pictures.get')(provide(pictures()));
      expect(await dataOf(['abc'])).to.deep.equal({ status: 'success', data: [], queries: [] });
    });

    it('takes UUIDs in any case, and is found by them', async () => {
      service.rpcTask('people.get')(provide(dataSource.getRepository(Person)));
      const { data } = await dataOf([TOM.toUpperCase(), 'tom', 5], 'people.get');
      expect(data).to.deep.equal([{ id: TOM, name: 'Tom' }]);
      const One = Serializer({ person: new RemoteField({ route: 'people.get' }) }, { service });
      const shown = await new One({ person: TOM.toUpperCase() }).data;
      expect(shown.person?.name).to.equal('Tom');
    });

    it('takes texts that no database holds for missing', async () => {
      service.rpcTask('by-path')(provide(pictures(), { by: 'path' }));
      const { status, data } = await dataOf(['/1', 'a\0b', '\ud800'], 'by-path');
      expect([status, ids(data)]).to.deep.equal(['success', [1]]);
    });

    for (const by of ['path', ['path']] as const) {
      it(`finds by another property, which the mergeKey of a field names: ${JSON.stringify(by)}`, async () => {
        service.rpcTask('by-path')(provide(pictures(), { by }));
        const Row = Serializer(
          { picture: new RemoteField({ route: 'by-path', mergeKey: by, fields: ['id', 'path'] }) },
          { service },
        );
        const keyOf = (path: string) => (typeof by === 'string' ? path : { path });
        const shown = await Row.many([{ picture: keyOf('/2') }, { picture: keyOf('/9') }]).data;
        expect(shown).to.deep.equal([{ picture: { id: 2, path: '/2' } }, { picture: null }]);
      });
    }

    it('finds by several properties: those of the primary key, or those that are named', async () => {
      service.rpcTask('stock.get')(provide(dataSource.getRepository(Stock)));
      service.rpcTask('stock.by')(provide(dataSource.getRepository(Stock), { by: ['sku', 'tenant'] }));
      for (const route of ['stock.get', 'stock.by']) {
        const keys = [
          { tenant: 1, sku: 's0' },
          { tenant: 0, sku: 's2' },
          { tenant: 7, sku: 's0' },
        ];
        const { data, queries } = await dataOf([...keys, ...keys], route);
        expect((data as Stock[]).map(({ count }) => count).sort()).to.deep.equal([1, 4]);
        expect(queries).to.have.length(1);
      }
      expect(await dataOf([{ tenant: 1 }], 'stock.get')).to.deep.include({
        status: 'fail',
        data: { ids: { 0: ['Incorrect type. Expected an object with tenant, sku, but got {"tenant":1}.'] } },
      });
    });

    it('merges rows of such keys, in as few queries as the database takes', async () => {
      service.rpcTask('stock.get')(provide(dataSource.getRepository(Stock)));
      const Row = Serializer(
        { stock: new RemoteField({ route: 'stock.get', mergeKey: ['tenant', 'sku'], source: '*' }) },
        { service },
      );
      const rows = Array.from({ length: 1000 }, (_, n) => ({ tenant: n % 2, sku: `s${Math.floor(n / 2)}` }));
      const { result, queries } = await counter.during(() => Row.many(rows).data);
      expect(result.map(({ stock }) => stock?.count)).to.deep.equal(rows.map((_, n) => n));
      expect(queries).to.have.length(2);
    });

    it('selects embedded objects as a whole, without what is not selected', async () => {
      service.rpcTask('pictures.get')(provide(pictures()));
      const { data, queries } = await dataOf({ ids: [1], fields: ['size'] });
      expect(data).to.deep.equal([{ id: 1, size: { width: 1 } }]);
      expect(queries[0]).to.not.contain('path').and.to.not.contain('JOIN');
      expect((await dataOf({ ids: [1], fields: ['owner'] })).status).to.equal('fail');
    });

    it('exposes a column of an embedded object by its path', async () => {
      service.rpcTask('pictures.get')(provide(pictures(), { expose: ['size.depth'] }));
      expect((await dataOf({ ids: [1], fields: ['size'] })).data).to.deep.equal([
        { id: 1, size: { width: 1, depth: 7 } },
      ]);
    });

    it('reads keys under another name as well', async () => {
      service.rpcTask('pictures.get')(provide(pictures(), { key: 'codes' }));
      expect(ids((await dataOf({ codes: [1] })).data)).to.deep.equal([1]);
      expect(ids((await dataOf({ ids: [2] })).data)).to.deep.equal([2]);
    });

    describe('the rows of a tenant', () => {
      const where = ({ caller }: TaskContext) => ({ tenant: Number((caller as { tenant?: number }).tenant) });
      const Row = () =>
        Serializer({ picture: new RemoteField({ route: 'pictures.get', fields: ['path'] }) }, { service });

      beforeEach(() => {
        service.rpcTask('pictures.get')(provide(pictures(), { where }));
      });

      it('are all that a caller sees: those of another are missing, and no error', async () => {
        await runAs({ tenant: 1 } as object, async () => {
          const shown = await Row().many([1, 2, 3].map((picture) => ({ picture }))).data;
          expect(shown).to.deep.equal([{ picture: { path: '/1' } }, { picture: null }, { picture: { path: '/3' } }]);
        });
      });

      it("are all that a caller may write: another tenant's key does not exist", async () => {
        await runAs({ tenant: 1 } as object, async () => {
          const rows = Row().many(null, { data: [{ picture: 1 }, { picture: 2 }] });
          expect(await rows.isValid()).to.equal(false);
          expect(rows.errors).to.deep.equal({ 1: { picture: ['Invalid pk "2" - object does not exist.'] } });
        });
      });

      it('may be told later, and by several conditions of which one must hold', async () => {
        service.rpcTask('later')(provide(pictures(), { where: async () => [{ tenant: 0 }, { path: '/3' }] }));
        expect(ids((await dataOf([1, 2, 3], 'later')).data).sort()).to.deep.equal([2, 3]);
      });

      it('may have operators, and conditions of related objects', async () => {
        service.rpcTask('operators')(
          provide(pictures(), { where: () => ({ id: In([1, 3]), owner: { name: 'Ann' } }) }),
        );
        expect(ids((await dataOf([1, 2, 3], 'operators')).data).sort()).to.deep.equal([1, 3]);
        service.rpcTask('nobody')(provide(pictures(), { where: () => ({ owner: { name: Not('Ann') } }) }));
        expect((await dataOf([1, 2, 3], 'nobody')).data).to.deep.equal([]);
      });

      for (const [said, limits] of [
        ['"tenant"', { tenant: undefined }],
        ['IsNull()', { tenant: null }],
        ['empty list', []],
        ['conditions by property', undefined],
        ['conditions by property', null],
        ['"tenant"', [{ path: '/1' }, { tenant: undefined }]],
        ['"owner.id"', { owner: { id: undefined } }],
      ] as const) {
        it(`are never everything: refuses a where that gives ${JSON.stringify(limits)} (${said})`, async () => {
          service.rpcTask('open')(provide(pictures(), { where: () => limits as never }));
          const { result, queries } = await counter.during(() => rejection(service.call('open', [1])));
          expect((result as Error).message).to.contain(said);
          expect(queries).to.deep.equal([]);
        });
      }
    });

    it('answers rows of a function as a serializer shows them, cut to what was asked for', async () => {
      class Shown extends ModelSerializer(Picture, { fields: ['id', 'path', 'tenant'], dataSource }) {}
      const find = async ({ keys }: ProviderRequest) =>
        Shown.many(await pictures().find({ where: keys.map((id) => ({ id: Number(id) })), order: { id: 'ASC' } }));
      service.rpcTask('shown')(provide(find));
      expect((await dataOf([1], 'shown')).data).to.deep.equal([{ id: 1, path: '/1', tenant: 1 }]);
      expect((await dataOf({ ids: [1, 2], fields: ['path'] }, 'shown')).data).to.deep.equal([
        { id: 1, path: '/1' },
        { id: 2, path: '/2' },
      ]);
    });
  });
}

describe('provide of a function', () => {
  let service: Service;

  beforeEach(() => {
    service = autoClose(new Service({ environment: 'test', url: 'memory://provide-function' }));
  });

  it('may refuse the request by a ValidationError, which is a fail', async () => {
    const refuse = (): { id: number }[] => {
      throw new ValidationError({ params: { size: 'Too large.' } });
    };
    service.rpcTask('x')(provide(refuse));
    expect(await service.call('x', [1])).to.deep.equal({ status: 'fail', data: { params: { size: ['Too large.'] } } });
  });

  it('takes keys of several properties, and nothing beside them', async () => {
    const got: unknown[] = [];
    const find = ({ keys }: { keys: readonly { tenant: number; sku: string }[] }) => {
      got.push(...keys);
      return keys.map((key) => ({ ...key, count: 1 }));
    };
    service.rpcTask('x')(provide(find, { by: ['tenant', 'sku'] }));
    await service.call('x', [{ tenant: 1, sku: 'a', more: 'x' }, [2, 'b']]);
    expect(got).to.deep.equal([
      { tenant: 1, sku: 'a' },
      { tenant: 2, sku: 'b' },
    ]);
  });

  it('leaves a row to its own toJSON', async () => {
    class Row {
      readonly id = 1;
      toJSON() {
        return { id: 1, shown: true };
      }
    }
    service.rpcTask('x')(provide(() => [new Row()]));
    expect(await service.call('x', { ids: [1], fields: ['id'] })).to.have.deep.property('data', [
      { id: 1, shown: true },
    ]);
  });

  it('reads own properties of a request alone', async () => {
    const answer = provide(({ keys }) => keys.map((id) => ({ id })));
    const body = Object.create({ ids: [1] });
    expect(await answer(body, { route: 'x' } as TaskContext)).to.have.property('status', 'fail');
  });

  it('knows the caller', async () => {
    service.rpcTask('x')(provide(() => [{ id: 1, of: (currentCaller() as { tenant?: number }).tenant }]));
    await runAs({ tenant: 4 } as object, async () => {
      expect(await service.call('x', [1])).to.have.deep.property('data', [{ id: 1, of: 4 }]);
    });
  });
});

describe('provide: misuse', () => {
  const find = () => [{ id: 1 }];

  for (const [options, said] of [
    [{ maxKey: 5 }, 'there is no option "maxKey"'],
    [{ maxKeys: 0 }, '"maxKeys" must be a whole number from 1, not 0'],
    [{ by: [] }, '"by" names no property'],
    [{ where: () => ({}) }, '"where" is for a repository'],
    [{ expose: ['x'] }, '"expose" is for a repository'],
  ] as const) {
    it(`refuses ${Object.keys(options)[0]}: ${said}`, () => {
      expect(() => provide(find, options as object))
        .to.throw(said)
        .with.property('code', 'USAGE');
    });
  }
});

describe('how many keys go in one query', () => {
  for (const [type, parts, most] of [
    ['mssql', 1, 2000],
    ['oracle', 1, 900],
    ['sqljs', 1, 32_666],
    ['postgres', 1, 65_435],
    ['mysql', 1, 65_435],
    ['a new one', 1, 900],
    ['constructor', 1, 900],
    ['postgres', 2, 500],
    ['oracle', 4, 225],
  ] as const) {
    it(`${most} of ${parts} value(s) on ${type}`, () => expect(keysPerQuery(type, parts)).to.equal(most));
  }
});
