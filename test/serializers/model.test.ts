import 'reflect-metadata';
import { expect } from 'chai';
import type { Relation } from 'typeorm';
import {
  Column,
  CreateDateColumn,
  DataSource,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToOne,
  PrimaryGeneratedColumn,
} from 'typeorm';
import {
  CharField,
  IntegerField,
  MethodField,
  ModelSerializer,
  nested,
  RemoteField,
  Serializer,
} from '../../serializers/index.js';
import { databases } from './databases.js';
import { type FakeService, fakeService, objects } from './fake-service.js';
import { withService } from './with-service.js';

@Entity()
class Shop {
  @PrimaryGeneratedColumn() id!: number;
  @Column() title!: string;
}

@Entity()
class Label {
  @PrimaryGeneratedColumn('uuid') code!: string;
  @Column() text!: string;
}

enum State {
  Draft = 'draft',
  Public = 'public',
}

class Size {
  @Column({ default: 0 }) width!: number;
}

@Entity()
class Product {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ length: 5 }) name!: string;
  @Column({ type: 'varchar', nullable: true }) sku!: string | null;
  @Column({ type: 'decimal', precision: 10, scale: 2, default: '0.00' }) price!: string;
  @Column({ type: 'bigint', nullable: true }) views!: string | null;
  @Column({ type: 'simple-enum', enum: State, default: State.Draft }) state!: State;
  @Column({ default: true }) isOpen!: boolean;
  @Column('float', { default: 1.5 }) weight!: number;
  @Column('simple-json', { nullable: true }) extra!: object | null;
  @Column('simple-array', { nullable: true }) words!: string[] | null;
  @Column({ type: Date, nullable: true }) soldAt!: Date | null;
  @CreateDateColumn() createdAt!: Date;
  @Column({ type: 'varchar', select: false, default: 'hidden' }) secret!: string;
  @ManyToOne(() => Shop, { nullable: false }) shop!: Relation<Shop>;
  @ManyToOne(() => Label, { nullable: true }) label!: Relation<Label> | null;
  @Column({ nullable: true }) ownerId!: number | null;
  @OneToOne(() => Shop, { nullable: true }) @JoinColumn({ name: 'ownerId' }) owner!: Relation<Shop> | null;
  @ManyToMany(() => Label) @JoinTable() labels!: Relation<Label[]>;
  @Column(() => Size) size!: Size;
  get upper() {
    return this.name.toUpperCase();
  }
}

@Entity()
class User {
  @PrimaryGeneratedColumn() id!: number;
  @Column() username!: string;
  @Column() image!: number;
}

const codeAndMessage = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => expect.fail('it was fulfilled'),
    (thrown) => thrown,
  );
  return `${error.code}: ${error.message}`;
};

for (const database of databases()) {
  describe(`ModelSerializer on ${database.name}`, () => {
    let dataSource: DataSource;
    let service: FakeService;

    before(async function () {
      this.timeout(120_000);
      const opened = await database.open({ entities: [Shop, Label, Product, User] });
      if (!opened) return this.skip();
      dataSource = opened;
    });

    after(() => database.close());

    beforeEach(async () => {
      service = fakeService({ 'images.get': objects((id) => ({ id, path: '/path/to/image.jpg' })) });
      await dataSource.synchronize(true);
      await dataSource.getRepository(Shop).save([{ title: 'one' }, { title: 'two' }]);
    });

    const rows = () => dataSource.getRepository(Product);

    const sample = async () => {
      const saved = await rows().save({
        name: 'Tea',
        shop: { id: 2 },
        soldAt: new Date(0),
        words: ['a', 'b'],
        ownerId: 1,
      });
      return rows().findOneOrFail({ where: { id: saved.id }, relations: { shop: true, label: true } });
    };

    it('shows a whole list of users with their images for one request', async () => {
      const withData = { ...service, settings: { dataSource } };
      class UserSerializer extends ModelSerializer(User, {
        fields: '__all__',
        declared: { image: new RemoteField<{ id: number; path: string }>({ route: 'images.get' }) },
        service: withData,
      }) {}
      await dataSource.getRepository(User).save([1, 2, 3, 4, 5].map((n) => ({ username: `user ${n}`, image: n })));
      const users = await dataSource.getRepository(User).find();
      expect((await UserSerializer.many(users).data).slice(0, 2)).to.deep.equal([
        { id: 1, username: 'user 1', image: { id: 1, path: '/path/to/image.jpg' } },
        { id: 2, username: 'user 2', image: { id: 2, path: '/path/to/image.jpg' } },
      ]);
      expect(service.calls.map(({ body }) => body)).to.deep.equal([[1, 2, 3, 4, 5]]);
    });

    it('takes the data source of the service in use', async () => {
      class S extends ModelSerializer(Shop, { fields: '__all__' }) {}
      const inUse = { ...service, settings: { dataSource } };
      const shop = await dataSource.getRepository(Shop).findOneByOrFail({ id: 1 });
      expect(await withService(inUse, () => new S(shop).data)).to.deep.equal({ id: 1, title: 'one' });
    });

    it("shows every column and to-one key with '__all__', but for what is not selected", async () => {
      class S extends ModelSerializer(Product, { fields: '__all__', dataSource }) {}
      const row = await sample();
      const shown = await new S(row).data;
      expect(shown).to.deep.equal({
        id: row.id,
        name: 'Tea',
        sku: null,
        price: shown.price,
        views: null,
        state: 'draft',
        isOpen: true,
        weight: 1.5,
        extra: null,
        words: ['a', 'b'],
        soldAt: '1970-01-01T00:00:00Z',
        createdAt: shown.createdAt,
        ownerId: 1,
        size: { width: 0 },
        shop: 2,
        label: null,
        owner: 1,
      });
    });

    it('shows a column that is not selected where it is named, and getters', async () => {
      class S extends ModelSerializer(Product, {
        fields: ['secret', 'upper'],
        readOnlyFields: ['upper'],
        dataSource,
      }) {}
      const row = Object.assign(await sample(), { secret: 's' });
      expect(await new S(row).data).to.deep.equal({ secret: 's', upper: 'TEA' });
    });

    it('leaves out what exclude names', async () => {
      class S extends ModelSerializer(Shop, { exclude: ['title'], dataSource }) {}
      expect(await new S(await dataSource.getRepository(Shop).findOneByOrFail({ id: 1 })).data).to.deep.equal({
        id: 1,
      });
    });

    it('says that a relation was not loaded in place of showing null', async () => {
      class S extends ModelSerializer(Product, { fields: ['id', 'label'], dataSource }) {}
      await sample();
      const row = await rows().findOneByOrFail({ name: 'Tea' });
      expect(await codeAndMessage(new S(row).data)).to.match(/^USAGE: .*"label" of Product is not loaded/);
    });

    it('shows relations of which the keys alone were loaded', async () => {
      class S extends ModelSerializer(Product, { fields: ['shop', 'label'], dataSource }) {}
      await sample();
      const row = await rows().findOneOrFail({ where: { name: 'Tea' }, loadRelationIds: true });
      expect(await new S(row).data).to.deep.equal({ shop: 2, label: null });
    });

    it('derives the rules of columns', async () => {
      class S extends ModelSerializer(Product, { fields: '__all__', dataSource }) {}
      const empty = new S(undefined, { data: {} });
      await empty.isValid();
      expect(empty.errors).to.deep.equal({ name: ['This field is required.'], shop: ['This field is required.'] });
      const wrong = new S(undefined, {
        data: {
          name: 'too long',
          state: 'x',
          isOpen: 'x',
          weight: 'x',
          soldAt: 'x',
          words: 1,
          shop: true,
          sku: null,
          price: {},
        },
      });
      await wrong.isValid();
      expect(Object.keys(wrong.errors)).to.have.members([
        'name',
        'state',
        'isOpen',
        'weight',
        'soldAt',
        'words',
        'shop',
        'price',
      ]);
      expect(wrong.errors.shop).to.deep.equal(['Incorrect type. Expected pk value, received boolean.']);
      expect(wrong.errors.state).to.deep.equal(['"x" is not a valid choice.']);
    });

    it('takes options for the fields of columns', async () => {
      class S extends ModelSerializer(Product, {
        fields: ['id', 'name', 'sku', 'price'],
        readOnlyFields: ['price'],
        extraKwargs: { name: { maxLength: 2 }, sku: { required: true } },
        dataSource,
      }) {}
      const serializer = new S(undefined, { data: { id: 5, name: 'abc', price: '1' } });
      await serializer.isValid();
      expect(serializer.errors).to.deep.equal({
        name: ['Ensure this field has no more than 2 characters.'],
        sku: ['This field is required.'],
      });
    });

    it('creates a row, with defaults of the database and the extra values', async () => {
      class S extends ModelSerializer(Product, {
        fields: ['id', 'name', 'shop', 'sku', 'state', 'label'],
        dataSource,
      }) {}
      const serializer = new S(undefined, { data: { name: 'Tea', shop: '2' } });
      expect(await serializer.isValid()).to.equal(true);
      const row = await serializer.save({ weight: 3 });
      expect(row).to.be.instanceOf(Product);
      const { id } = row;
      expect(await serializer.data).to.deep.equal({ id, name: 'Tea', shop: 2, sku: null, state: 'draft', label: null });
      const stored = await rows().findOneOrFail({ where: { id }, relations: { shop: true } });
      expect([stored.shop.title, stored.weight, stored.state]).to.deep.equal(['two', 3, 'draft']);
    });

    it('updates a row, and moves it to another related object without changing that object', async () => {
      class S extends ModelSerializer(Product, { fields: ['id', 'name', 'shop'], dataSource }) {}
      const row = await sample();
      const serializer = new S(row, { data: { shop: 1 }, partial: true });
      expect(await serializer.isValid()).to.equal(true);
      await serializer.save();
      expect(await serializer.data).to.deep.equal({ id: row.id, name: 'Tea', shop: 1 });
      const stored = await rows().findOneOrFail({ where: { id: row.id }, relations: { shop: true } });
      expect(stored.shop).to.deep.include({ id: 1, title: 'one' });
      expect(await dataSource.getRepository(Shop).countBy({ title: 'two' })).to.equal(1);
    });

    it('creates a list as a whole or not at all', async () => {
      class S extends ModelSerializer(Shop, {
        fields: ['title'],
        extraKwargs: { title: { allowNull: true } },
        dataSource,
      }) {}
      const bad = S.many(null, { data: [{ title: 'three' }, { title: null }] });
      expect(await bad.isValid()).to.equal(true);
      expect(await codeAndMessage(bad.save())).to.match(/not.null/i);
      expect(await dataSource.getRepository(Shop).count()).to.equal(2);
      const good = S.many(null, { data: [{ title: 'three' }, { title: 'four' }] });
      await good.isValid();
      expect((await good.save()).map(({ id }) => id)).to.have.length(2);
      expect(await dataSource.getRepository(Shop).count()).to.equal(4);
    });

    it('creates row by row where create() is overridden', async () => {
      class S extends ModelSerializer(Shop, { fields: ['title'], dataSource }) {
        override create(attrs: { title: string }) {
          return super.create({ title: `${attrs.title}!` });
        }
      }
      const serializer = S.many(null, { data: [{ title: 'a' }, { title: 'b' }] });
      await serializer.isValid();
      expect((await serializer.save()).map(({ title }) => title)).to.deep.equal(['a!', 'b!']);
    });

    it('refuses to store what is nested, unless it is told how', async () => {
      const ShopSerializer = ModelSerializer(Shop, { fields: ['title'], dataSource });
      class S extends ModelSerializer(Product, {
        fields: ['name', 'shop'],
        declared: { shop: nested(ShopSerializer) },
        dataSource,
      }) {}
      const serializer = new S(undefined, { data: { name: 'Tea', shop: { title: 'x' } } });
      expect(await serializer.isValid()).to.equal(true);
      expect(await codeAndMessage(serializer.save())).to.match(/^USAGE: .*"shop" is nested/);
    });

    it('stores null in place of what is nested', async () => {
      const LabelSerializer = ModelSerializer(Label, { fields: '__all__', dataSource });
      class S extends ModelSerializer(Product, {
        fields: ['label'],
        declared: { label: nested(LabelSerializer, { allowNull: true }) },
        dataSource,
      }) {}
      const label = await dataSource.getRepository(Label).save({ text: 'new' });
      const { id } = await rows().save({ name: 'Tea', shop: { id: 1 }, label });
      const row = await rows().findOneOrFail({ where: { id }, relations: { label: true } });
      const serializer = new S(row, { data: { label: null }, partial: true });
      await serializer.isValid({ raiseException: true });
      await serializer.save();
      const stored = await rows().findOneOrFail({ where: { id }, relations: { label: true } });
      expect(stored.label).to.equal(null);
    });

    it('is a nested serializer as well', async () => {
      const ShopSerializer = ModelSerializer(Shop, { fields: '__all__', dataSource });
      const S = Serializer({ shops: nested(ShopSerializer, { many: true }), n: new IntegerField() });
      const shops = await dataSource.getRepository(Shop).find();
      expect(await new S({ shops, n: 1 }).data).to.deep.equal({
        shops: [
          { id: 1, title: 'one' },
          { id: 2, title: 'two' },
        ],
        n: 1,
      });
    });

    it('gives method fields the row', async () => {
      class S extends ModelSerializer(Shop, {
        fields: ['id', 'loud'],
        declared: { loud: new MethodField((shop) => shop.title.toUpperCase()) },
        dataSource,
      }) {}
      expect(await new S(await dataSource.getRepository(Shop).findOneByOrFail({ id: 2 })).data).to.deep.equal({
        id: 2,
        loud: 'TWO',
      });
    });

    describe('misuse', () => {
      const show = (make: () => { new (row: never): { readonly data: Promise<unknown> } }) =>
        codeAndMessage(Promise.resolve().then(() => new (make())(new Product() as never).data));

      it('asks for configure({ dataSource }) where none is known', async () => {
        const message = await withService(service, () => show(() => ModelSerializer(Shop, { fields: '__all__' })));
        expect(message).to.match(/^USAGE: .*configure\(\{ dataSource \}\)/);
      });

      it('asks for initialize() where the data source is not initialised', async () => {
        const fresh = new DataSource({ type: 'sqljs', entities: [Shop] });
        const message = await show(() => ModelSerializer(Shop, { fields: '__all__', dataSource: fresh }));
        expect(message).to.match(/^USAGE: .*initialize\(\)/);
      });

      it('names an entity that the data source does not have', async () => {
        class Nobody {
          id!: number;
        }
        const message = await show(() => ModelSerializer(Nobody, { fields: ['id'], dataSource }));
        expect(message).to.match(/^USAGE: .*Nobody.*entities/);
      });

      for (const [what, make] of [
        ['a to-many relation that is not loaded', () => ModelSerializer(Product, { fields: ['labels'], dataSource })],
        ['a depth below zero', () => ModelSerializer(Product, { fields: ['id'], depth: -1 as 0, dataSource })],
        ['a name that is nothing', () => ModelSerializer(Product, { fields: ['nmae' as 'name'], dataSource })],
        ['neither fields nor exclude', () => ModelSerializer(Product, { dataSource })],
        ['both fields and exclude', () => ModelSerializer(Product, { fields: ['id'], exclude: ['sku'], dataSource })],
        [
          'an excluded name that is no field',
          () => ModelSerializer(Product, { exclude: ['nmae' as 'name'], dataSource }),
        ],
        [
          'a declared field that is not among the fields',
          () => ModelSerializer(Product, { fields: ['id'], declared: { x: new CharField() } as never, dataSource }),
        ],
      ] as const) {
        it(`refuses ${what}`, async () => expect(await show(make as never)).to.match(/^USAGE: .*Product/));
      }
    });
  });
}
