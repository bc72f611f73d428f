import 'reflect-metadata';
import { RemoteColumn, type RemoteKey } from 'bgtasks/typeorm';
import { expect } from 'chai';
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { BgTasksError } from '../../lib/errors.js';
import {
  type InputOf,
  IntegerField,
  ModelSerializer,
  type Representation,
  type Validated,
} from '../../serializers/index.js';
import { databases } from './databases.js';
import { assertType, type Equal } from './equal.js';
import { type FakeService, fakeService } from './fake-service.js';
import { withService } from './with-service.js';

interface Image {
  id: number;
  path: string;
}

interface Person {
  id: string;
  name: string;
}

class Origin {
  @RemoteColumn({ route: 'countries.get', name: 'country_code', type: 'text', column: { length: 2 } })
  country!: RemoteKey<{ id: string; name: string }>;
}

abstract class Owned {
  @PrimaryGeneratedColumn() id!: number;
  @RemoteColumn({ route: 'people.get', type: 'uuid' }) owner!: RemoteKey<Person>;
}

@Entity()
class Product extends Owned {
  @Column() name!: string;
  @RemoteColumn({ route: 'images.get', column: { comment: 'Shown in lists.' } }) image!: RemoteKey<Image>;
  @RemoteColumn({ route: 'images.get', nullable: true, onMissing: 'pk' })
  banner!: RemoteKey<Image, { onMissing: 'pk' }> | null;
  @RemoteColumn({ route: 'ledger.get', type: 'bigint', nullable: true, fields: ['total'] })
  account!: RemoteKey<{ id: string; total: number }, { fields: ['total'] }> | null;
  @RemoteColumn({ route: 'images.get', many: true }) gallery!: RemoteKey<Image, { many: true }>;
  @Column(() => Origin) origin!: Origin;
}

class ProductSerializer extends ModelSerializer(Product, { fields: '__all__' }) {}

const TOM = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const ACCOUNT = '9007199254740993';

const values = () => ({
  name: 'Teapot',
  owner: TOM,
  image: 1,
  banner: null,
  account: ACCOUNT,
  gallery: [2, 1],
  origin: { country: 'FR' },
});

/** Rows of every service by their route. */
const ROWS: Readonly<Record<string, readonly { id: number | string }[]>> = {
  'images.get': [1, 2, 3].map((id) => ({ id, path: `/${id}.jpg` })),
  'people.get': [{ id: TOM, name: 'Tom' } as { id: string }],
  'ledger.get': [{ id: ACCOUNT, total: 7 } as { id: string }],
  'countries.get': [{ id: 'FR', name: 'France' } as { id: string }],
};

const answers = Object.fromEntries(
  Object.entries(ROWS).map(([route, rows]) => [
    route,
    (body: unknown) => {
      const keys = Array.isArray(body) ? body : (body as { ids: unknown[] }).ids;
      return rows.filter(({ id }) => keys.map(String).includes(String(id)));
    },
  ]),
);

for (const database of databases()) {
  describe(`RemoteColumn on ${database.name}`, () => {
    let dataSource: DataSource;
    let service: FakeService;

    before(async function () {
      this.timeout(60_000);
      const opened = await database.open({ entities: [Product] });
      if (!opened) return this.skip();
      dataSource = opened;
    });

    after(() => database.close());

    beforeEach(async () => {
      service = { ...fakeService(answers), settings: { dataSource } } as FakeService;
      await dataSource.getRepository(Product).clear();
    });

    const products = () => dataSource.getRepository(Product);

    it('makes columns of the types that were asked for, with their names', () => {
      const columns = dataSource.getMetadata(Product).columns;
      const found = columns.map(({ propertyPath, databaseName, isNullable }) => [
        propertyPath,
        databaseName,
        isNullable,
      ]);
      expect(found).to.deep.include.members([
        ['image', 'image', false],
        ['banner', 'banner', true],
        ['origin.country', 'originCountry_code', false],
      ]);
      expect(columns.find(({ propertyName }) => propertyName === 'image')?.comment).to.equal('Shown in lists.');
    });

    it('indexes every column but a list of keys', () => {
      const { indices } = dataSource.getMetadata(Product);
      const indexed = indices.flatMap(({ columns }) => columns.map(({ propertyPath }) => propertyPath));
      expect(indexed).to.have.members(['owner', 'image', 'banner', 'account', 'origin.country']);
    });

    it('keeps keys as they are', async () => {
      const { id } = await products().save(values() as unknown as Product);
      const row = await products().findOneByOrFail({ id });
      expect([row.owner, row.image, row.banner, row.gallery]).to.deep.equal([TOM, 1, null, [2, 1]]);
      // sql.js gives numbers of JavaScript, which end before 64 bits do.
      if (database.name === 'PostgreSQL') expect(row.account).to.equal(ACCOUNT);
    });

    it('is shown as its object without a declaration, by one call per route', async () => {
      await withService(service, async () => {
        const rows = [values(), { ...values(), image: 9, banner: 9, gallery: [9, 3], account: null }];
        const shown = await ProductSerializer.many(rows as unknown as Product[]).data;
        expect(shown[0]).to.deep.include({
          owner: { id: TOM, name: 'Tom' },
          image: { id: 1, path: '/1.jpg' },
          banner: null,
          account: { total: 7 },
          gallery: [
            { id: 2, path: '/2.jpg' },
            { id: 1, path: '/1.jpg' },
          ],
          origin: { country: { id: 'FR', name: 'France' } },
        });
        expect(shown[1]).to.deep.include({
          image: null,
          banner: 9,
          account: null,
          gallery: [{ id: 3, path: '/3.jpg' }],
        });
        expect(service.calls.map(({ route }) => route)).to.have.members(Object.keys(ROWS));
      });
    });

    it('is written as its key, which must exist, and stored', async () => {
      await withService(service, async () => {
        const product = new ProductSerializer(undefined, { data: { ...values(), image: '2' } });
        await product.isValid({ raiseException: true });
        const { id } = await product.save();
        const row = await products().findOneByOrFail({ id });
        expect([row.owner, row.image, row.gallery, row.origin.country]).to.deep.equal([TOM, 2, [2, 1], 'FR']);
        expect((await product.data).image).to.deep.equal({ id: 2, path: '/2.jpg' });
      });
    });

    it('refuses keys that are missing, and those that its column cannot hold without asking for them', async () => {
      const Products = ModelSerializer(Product, { fields: '__all__', service });
      const { banner: _banner, ...data } = values();
      const wrong = { owner: 'tom', image: 'abc', account: 1.5, gallery: [9], origin: { country: 'FRA' } };
      const product = new Products(undefined, { data: { ...data, ...wrong } });
      expect(await product.isValid()).to.equal(false);
      const type = (name: string) => [`Incorrect type. Expected pk value, received ${name}.`];
      expect(product.errors).to.deep.equal({
        owner: type('string'),
        image: type('string'),
        account: type('number'),
        gallery: { 0: ['Invalid pk "9" - object does not exist.'] },
        origin: { country: type('string') },
      });
      expect(service.calls.map(({ route, body }) => [route, body])).to.deep.equal([['images.get', [9]]]);
    });

    it('takes options of the serializer, and a declared field or a class in its place', async () => {
      const Plain = ModelSerializer(Product, {
        fields: ['image', 'banner', 'owner'],
        declared: { owner: new IntegerField({ readOnly: true }) },
        readOnlyFields: ['banner'],
        extraKwargs: { image: { fieldClass: IntegerField } },
      });
      await withService(service, async () => {
        const row = { ...values(), owner: 5, banner: 2 } as unknown as Product;
        expect(await new Plain(row).data).to.deep.equal({ image: 1, banner: { id: 2, path: '/2.jpg' }, owner: 5 });
        const written = new Plain(undefined, { data: { image: 8, banner: 9 } });
        expect(await written.isValid()).to.equal(true);
        expect(written.validatedData).to.deep.equal({ image: 8 });
      });
    });
  });
}

describe('RemoteColumn: misuse', () => {
  const declare = (settings: object) => () => RemoteColumn(settings as Parameters<typeof RemoteColumn>[0]);

  for (const [settings, said] of [
    [{}, '"route"'],
    [{ route: 'x', type: 'float' }, 'integer, bigint, uuid, text'],
    [{ route: 'x', type: 'uuid', many: true }, '"type"'],
    [{ route: 'x', index: true, many: true }, '"index"'],
  ] as const) {
    it(`refuses ${JSON.stringify(settings)}`, () => {
      expect(declare(settings))
        .to.throw(said)
        .with.property('code', 'USAGE' satisfies BgTasksError['code']);
    });
  }

  it('refuses a text whose kind it does not know', () => {
    expect(() => {
      class Wrong {
        @RemoteColumn({ route: 'x' }) owner!: string;
      }
      return Wrong;
    }).to.throw('"owner" is a string');
  });
});

// ---------- types
type Shown = Representation<typeof ProductSerializer>;
assertType<Equal<Shown['image'], Image | null>>();
assertType<Equal<Shown['banner'], Image | number | null>>();
assertType<Equal<Shown['account'], { total: number } | null>>();
assertType<Equal<Shown['gallery'], Image[]>>();
assertType<Equal<Shown['owner'], Person | null>>();
assertType<Equal<Validated<typeof ProductSerializer>['image'], number>>();
assertType<Equal<Validated<typeof ProductSerializer>['gallery'], number[]>>();
assertType<Equal<Validated<typeof ProductSerializer>['account'], string | null | undefined>>();
assertType<Equal<InputOf<typeof ProductSerializer>['image'], number>>();

export function keysAreKeys(product: Product): number {
  product.image = 5;
  // @ts-expect-error the key of an image is a number
  product.image = 'x';
  return product.image + 1;
}
