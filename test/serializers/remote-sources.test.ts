import 'reflect-metadata';
import { expect } from 'chai';
import type { DataSource, Relation } from 'typeorm';
import { Column, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from 'typeorm';
import type { BgTasksError } from '../../lib/errors.js';
import {
  CharField,
  ListField,
  ModelSerializer,
  RemoteField,
  type Representation,
  RPCSerializerMixin,
  Serializer,
  type Validated,
} from '../../serializers/index.js';
import { rejection } from '../support/rejection.js';
import { databases } from './databases.js';
import { assertType, type Equal } from './equal.js';
import { type FakeService, fakeService } from './fake-service.js';

interface Image {
  id: number;
  path: string;
}

interface Stock {
  tenant: number;
  sku: string;
  count: number;
}

const shownImage = (id: number): Image => ({ id, path: `/${id}.jpg` });
const images = (body: unknown) => (body as number[]).filter((id) => Number(id) < 9).map((id) => shownImage(Number(id)));
const STOCK: readonly Stock[] = [
  { tenant: 1, sku: 'a', count: 10 },
  { tenant: 1, sku: 'b', count: 20 },
  { tenant: 2, sku: 'a', count: 30 },
  { tenant: 1, sku: '1,"b"', count: 40 },
];

const makeService = () => fakeService({ 'images.get': images, 'stock.get': () => STOCK });
const bodies = (service: FakeService) => service.calls.map(({ body }) => body);

describe('remote fields: lists of keys', () => {
  let service: FakeService;

  beforeEach(() => {
    service = makeService();
  });

  const KEYS = [3, 99, null, 1, 3];
  const show = (options: object) => {
    const Gallery = Serializer(
      { images: new RemoteField({ route: 'images.get', many: true, ...options }) },
      { service },
    );
    return new Gallery({ images: KEYS }).data.then((data) => (data as { images: unknown[] }).images);
  };

  it('leaves missing objects out by default, in the order of the keys, duplicates kept', async () => {
    const expected = [shownImage(3), shownImage(1), shownImage(3)];
    expect(await show({})).to.deep.equal(expected);
    expect(await show({ onMissing: 'drop' })).to.deep.equal(expected);
    expect(bodies(service)[0]).to.deep.equal([3, 99, 1]);
  });

  it('keeps their places with onMissing "null"', async () => {
    expect(await show({ onMissing: 'null' })).to.deep.equal([shownImage(3), null, null, shownImage(1), shownImage(3)]);
  });

  it('shows their keys with onMissing "pk"', async () => {
    expect(await show({ onMissing: 'pk' })).to.deep.equal([shownImage(3), 99, shownImage(1), shownImage(3)]);
  });

  it('fails with onMissing "error"', async () => {
    expect(await rejection(show({ onMissing: 'error' }))).to.have.property('code', 'REMOTE_MISSING');
  });

  it('is not filled with nulls because that is the default of a class', async () => {
    const Gallery = Serializer(
      { images: new RemoteField<Image, { many: true }>({ route: 'images.get', many: true }) },
      { service },
    );
    const Mixed = RPCSerializerMixin(Gallery, { onMissing: 'null' });
    expect(await new Mixed({ images: KEYS }).data).to.deep.equal({
      images: [shownImage(3), shownImage(1), shownImage(3)],
    });
  });

  it('refuses onMissing "drop" for a single object', () => {
    expect(() => new RemoteField({ route: 'images.get', onMissing: 'drop' })).to.throw('for lists');
  });
});

describe('remote fields: keys of several properties', () => {
  let service: FakeService;

  beforeEach(() => {
    service = makeService();
  });

  const stock = (options: object = {}) =>
    new RemoteField<Stock, { mergeKey: readonly ['tenant', 'sku'] }>({
      route: 'stock.get',
      mergeKey: ['tenant', 'sku'],
      ...options,
    });
  const key = (tenant: unknown, sku: unknown) => ({ tenant, sku });

  it('merges by all of them, and sends each key once as an object', async () => {
    const Line = Serializer({ stock: stock() }, { service });
    const rows = [key(1, 'a'), [1, 'b'], key('2', 'a'), key(1, 'a'), key(1, '1,"b"'), key(9, 'a')];
    const shown = await Line.many(rows.map((each) => ({ stock: each }))).data;
    expect(shown.map((row) => row.stock?.count)).to.deep.equal([10, 20, 30, 10, 40, undefined]);
    expect(bodies(service)).to.deep.equal([[key(1, 'a'), key(1, 'b'), key('2', 'a'), key(1, '1,"b"'), key(9, 'a')]]);
  });

  it('reads the parts from the row itself with source "*", getters too', async () => {
    class Row {
      readonly sku = 'b';
      get tenant() {
        return 1;
      }
    }
    const Line = Serializer({ stock: stock({ source: '*', onMissing: 'pk' }) }, { service });
    expect(await Line.many([new Row(), { ...key(7, 'x'), secret: 1 }]).data).to.deep.equal([
      { stock: STOCK[1] },
      { stock: key(7, 'x') },
    ]);
  });

  it('is null where a part is', async () => {
    const Line = Serializer({ stock: stock() }, { service });
    expect(await Line.many([{ stock: key(1, null) }, { stock: null }, { stock: [1, ''] }]).data).to.deep.equal([
      { stock: null },
      { stock: null },
      { stock: null },
    ]);
    expect(service.calls).to.deep.equal([]);
  });

  for (const value of [7, 'a', { tenant: 1 }, [1], [1, 'a', 2], { tenant: 1, sku: {} }]) {
    it(`refuses a row that has ${JSON.stringify(value)} for a key`, async () => {
      const Line = Serializer({ stock: stock() }, { service });
      const error = (await rejection(new Line({ stock: value }).data)) as BgTasksError;
      expect(error.code).to.equal('USAGE');
      expect(error.message).to.contain('an object with "tenant", "sku"');
    });
  }

  it('is a tuple too where the field is asked by itself, and its object shown by a serializer', async () => {
    const child = stock({ serializer: Serializer({ sku: new CharField() }) });
    const Lines = Serializer({ stock: new ListField({ child }) }, { service });
    expect(await new Lines({ stock: [[1, 'a']] }).data).to.deep.equal({ stock: [{ sku: 'a' }] });
  });

  it('names the properties that an answer lacks', async () => {
    const Line = Serializer({ stock: stock() }, { service: fakeService({ 'stock.get': () => [{ tenant: 1 }] }) });
    expect(((await rejection(new Line({ stock: [1, 'a'] }).data)) as Error).message).to.contain('"tenant", "sku"');
  });

  it('asks for all of them beside the fields that are wanted', async () => {
    const Line = Serializer({ stock: stock({ fields: ['count'] }) }, { service });
    expect(await new Line({ stock: key(1, 'a') }).data).to.deep.equal({ stock: { count: 10 } });
    expect(bodies(service)).to.deep.equal([{ ids: [key(1, 'a')], fields: ['count', 'tenant', 'sku'] }]);
  });

  it('is written as an object or a tuple, and checked', async () => {
    const Line = Serializer({ stock: stock(), others: stock({ many: true, required: false }) }, { service });
    const data = [
      { stock: key('1', 'b'), others: [[1, 'a']] },
      { stock: key(9, 'a') },
      { stock: [2, 'a'], others: [key(2, 'a'), 5] },
      { stock: { ...JSON.parse('{"__proto__": 1}'), tenant: 1 } },
    ];
    const lines = Line.many(null, { data });
    expect(await lines.isValid()).to.equal(false);
    expect(lines.errors).to.deep.equal({
      1: { stock: ['Invalid pk "{"tenant":9,"sku":"a"}" - object does not exist.'] },
      2: { others: { 1: ['Incorrect type. Expected pk value, received number.'] } },
      3: { stock: ['Incorrect type. Expected pk value, received dictionary.'] },
    });
    const line = new Line(undefined, { data: data[0] });
    await line.isValid({ raiseException: true });
    expect(line.validatedData).to.deep.equal({ stock: key(1, 'b'), others: [key(1, 'a')] });
  });

  it('is no plain key, also where it has one property: neither is checked as the other', async () => {
    const counts = fakeService({ 'stock.get': (body) => (body as unknown[]).map((id) => ({ id: 1, ...Object(id) })) });
    const fields = {
      plain: new RemoteField<{ id: number }>({ route: 'stock.get' }),
      listed: new RemoteField<{ id: number }, { mergeKey: readonly ['id'] }>({ route: 'stock.get', mergeKey: ['id'] }),
    };
    const line = new (Serializer(fields, { service: counts }))(undefined, { data: { plain: 1, listed: { id: 2 } } });
    await line.isValid({ raiseException: true });
    expect(line.validatedData).to.deep.equal({ plain: 1, listed: { id: 2 } });
    expect(bodies(counts)).to.deep.equal([[1], [{ id: 2 }]]);
  });
});

// ---------- relations

@Entity()
class Album {
  @PrimaryGeneratedColumn() id!: number;
  @Column() title!: string;
  @OneToMany(
    () => AlbumImage,
    (each) => each.album,
    { cascade: true },
  )
  albumImages!: Relation<AlbumImage[]>;
}

@Entity()
class AlbumImage {
  @PrimaryGeneratedColumn() id!: number;
  @ManyToOne(
    () => Album,
    (album) => album.albumImages,
  )
  album!: Relation<Album>;
  @Column() imageId!: number;
}

const IMAGES = new RemoteField<Image, { source: 'albumImages'; remoteField: 'imageId' }>({
  route: 'images.get',
  source: 'albumImages',
  remoteField: 'imageId',
});

for (const database of databases()) {
  describe(`remote fields whose keys are in rows of a relation, on ${database.name}`, () => {
    let dataSource: DataSource;
    let service: FakeService;

    before(async function () {
      this.timeout(60_000);
      const opened = await database.open({ entities: [Album, AlbumImage] });
      if (!opened) return this.skip();
      dataSource = opened;
      await dataSource.getRepository(Album).save([
        { title: 'a', albumImages: [{ imageId: 3 }, { imageId: 1 }] },
        { title: 'b', albumImages: [{ imageId: 1 }, { imageId: 99 }] },
        { title: 'c', albumImages: [] },
      ]);
    });

    after(() => database.close());

    beforeEach(() => {
      service = makeService();
    });

    const albums = () => dataSource.getRepository(Album);
    const serializer = () =>
      ModelSerializer(Album, { fields: ['title', 'images'], declared: { images: IMAGES }, service, dataSource });

    it('shows the objects of all rows by one call', async () => {
      const rows = await albums().find({
        relations: { albumImages: true },
        order: { id: 'ASC', albumImages: { id: 'ASC' } },
      });
      expect(await serializer().many(rows).data).to.deep.equal([
        { title: 'a', images: [shownImage(3), shownImage(1)] },
        { title: 'b', images: [shownImage(1)] },
        { title: 'c', images: [] },
      ]);
      expect(bodies(service)).to.deep.equal([[3, 1, 99]]);
    });

    it('says that the relation was not loaded', async () => {
      const error = (await rejection(serializer().many(await albums().find()).data)) as BgTasksError;
      expect(error.code).to.equal('USAGE');
      expect(error.message).to.contain('"albumImages"').and.to.contain('"images"');
    });

    it('stores a row of the relation for each key that is written', async () => {
      const album = new (serializer())(undefined, { data: { title: 'd', images: [2, '4'] } });
      await album.isValid({ raiseException: true });
      expect(album.validatedData).to.deep.equal({ title: 'd', albumImages: [{ imageId: 2 }, { imageId: 4 }] });
      const { id } = await album.save();
      const stored = await albums().findOneOrFail({ where: { id }, relations: { albumImages: true } });
      expect(stored.albumImages.map(({ imageId }) => imageId)).to.have.members([2, 4]);
      expect(await album.data).to.deep.equal({ title: 'd', images: [shownImage(2), shownImage(4)] });
    });

    it('keeps the rows whose keys are written again', async () => {
      const [row] = await albums().find({ where: { title: 'a' }, relations: { albumImages: true } });
      const kept = row?.albumImages.find(({ imageId }) => imageId === 1);
      const album = new (serializer())(row, { data: { images: [5, 1] }, partial: true });
      await album.isValid({ raiseException: true });
      const saved = await album.save();
      expect(saved.albumImages.map(({ imageId }) => imageId)).to.deep.equal([5, 1]);
      expect(saved.albumImages[1]?.id).to.equal(kept?.id);
    });

    it('says how to store them where the relation does not', async () => {
      const Plain = ModelSerializer(AlbumImage, {
        fields: ['images'],
        declared: { images: new RemoteField({ route: 'images.get', source: 'album', remoteField: 'imageId' }) },
        service,
        dataSource,
      });
      const plain = new Plain(undefined, { data: { images: [1] } });
      await plain.isValid({ raiseException: true });
      expect(((await rejection(plain.save())) as Error).message).to.contain('cascade: true');
    });

    it('refuses each key that does not exist', async () => {
      const album = new (serializer())(undefined, { data: { title: 'd', images: [2, 99] } });
      expect(await album.isValid()).to.equal(false);
      expect(album.errors).to.deep.equal({ images: { 1: ['Invalid pk "99" - object does not exist.'] } });
    });
  });
}

describe('remote fields: where keys come from', () => {
  const service = makeService();
  beforeEach(() => void service.calls.splice(0));

  it('takes a promise of rows, as a lazy relation is', async () => {
    const Lazy = Serializer({ images: IMAGES }, { service });
    const rows = [{ albumImages: Promise.resolve([{ imageId: 1 }]) }, { albumImages: Promise.resolve([]) }];
    expect(await Lazy.many(rows).data).to.deep.equal([{ images: [shownImage(1)] }, { images: [] }]);
    expect(bodies(service)).to.deep.equal([[1]]);
  });

  it('shows the objects of rows by a serializer', async () => {
    const serializer = Serializer({ path: new CharField() });
    const images = new RemoteField({ route: 'images.get', source: 'rows', remoteField: 'imageId', serializer });
    const Gallery = Serializer({ images }, { service });
    const rows = [{ imageId: 1 }, { imageId: '3' }, { imageId: 99 }, { imageId: null }];
    expect(await new Gallery({ rows }).data).to.deep.equal({ images: [{ path: '/1.jpg' }, { path: '/3.jpg' }] });
  });

  it('takes a promise of a key', async () => {
    const Late = Serializer({ image: new RemoteField<Image>({ route: 'images.get' }) }, { service });
    expect(await Late.many([{ image: Promise.resolve(2) }, { image: Promise.resolve(null) }]).data).to.deep.equal([
      { image: shownImage(2) },
      { image: null },
    ]);
    expect(bodies(service)).to.deep.equal([[2]]);
  });

  it('reads and writes a dotted source', async () => {
    const Profile = Serializer(
      { name: new CharField(), image: new RemoteField<Image>({ route: 'images.get', source: 'profile.image.id' }) },
      { service },
    );
    expect(await new Profile({ name: 'a', profile: { image: { id: 2 } } }).data).to.deep.equal({
      name: 'a',
      image: shownImage(2),
    });
    const written = new Profile(undefined, { data: { name: 'a', image: '3' } });
    await written.isValid({ raiseException: true });
    expect(written.validatedData).to.deep.equal({ name: 'a', profile: { image: { id: 3 } } });
  });

  it('keeps places of rows without a key with onMissing "null"', async () => {
    const Album = Serializer(
      {
        images: new RemoteField({ route: 'images.get', source: 'rows', remoteField: 'image', onMissing: 'null' }),
      },
      { service },
    );
    const rows = [{ image: 1 }, { image: null }, {}, null, { image: 99 }];
    expect(await new Album({ rows }).data).to.deep.equal({ images: [shownImage(1), null, null, null, null] });
  });

  it('refuses what is no list of rows', async () => {
    const Album = Serializer({ images: IMAGES }, { service });
    const error = (await rejection(new Album({ albumImages: { imageId: 1 } }).data)) as Error;
    expect(error.message).to.contain('a list of rows with their keys in "imageId"');
    expect(() => new RemoteField({ route: 'images.get', remoteField: 'imageId', many: false })).to.throw('"many"');
  });
});

// ---------- types
const typed = Serializer({
  images: IMAGES,
  nulls: new RemoteField<Image, { many: true; onMissing: 'null' }>({ route: 'x', many: true, onMissing: 'null' }),
  stock: new RemoteField<Stock, { mergeKey: readonly ['tenant', 'sku']; onMissing: 'pk' }>({
    route: 'x',
    mergeKey: ['tenant', 'sku'],
    onMissing: 'pk',
  }),
});
assertType<
  Equal<
    Representation<typeof typed>,
    { images: Image[]; nulls: (Image | null)[]; stock: Stock | { tenant: number; sku: string } }
  >
>();
assertType<
  Equal<
    Validated<typeof typed>,
    { albumImages: { imageId: number }[]; nulls: number[]; stock: { tenant: number; sku: string } }
  >
>();
