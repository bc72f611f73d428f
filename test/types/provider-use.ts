/**
 * The one contract of provider and field: what compiles, and what must not. Checked by the build; nothing here is run.
 */
import 'reflect-metadata';
import { type BodyOf, type ObjectOf, type ProviderBody, type ProviderRequest, provide, rpcTask } from 'bgtasks';
import { RemoteField, type Representation, Serializer, type Validated } from 'bgtasks/serializers';
import { RemoteColumn, type RemoteKey } from 'bgtasks/typeorm';
import { Column, DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { assertType, type Equal } from './equal.js';

@Entity()
class Picture {
  @PrimaryGeneratedColumn() id!: number;
  @Column() path!: string;
  @Column() width!: number;
}

@Entity()
class Stock {
  @PrimaryColumn() tenant!: number;
  @PrimaryColumn() sku!: string;
  @Column() count!: number;
}

const database = new DataSource({ type: 'sqljs', entities: [Picture, Stock] });
const pictures = database.getRepository(Picture);
const stock = database.getRepository(Stock);

const getPictures = rpcTask('pictures.get')(provide(pictures));
const byPath = rpcTask('pictures.byPath')(provide(pictures, { by: 'path', maxKeys: 5 }));
const getStock = rpcTask('stock.get')(provide(stock, { by: ['tenant', 'sku'] }));
const counted = rpcTask('stock.count')(
  provide(
    ({ keys }: ProviderRequest<{ tenant: number; sku: string }>) =>
      keys.map(({ tenant, sku }) => ({ tenant, sku, count: tenant * sku.length })),
    { by: ['tenant', 'sku'] },
  ),
);

export async function contract() {
  await getPictures.call([1]);
  await getPictures.call({ ids: [1], fields: ['path'], params: { size: 1 } });
  await byPath.call(['/a']);
  await getStock.call([{ tenant: 1, sku: 'a' }]);
  // @ts-expect-error the keys of pictures are numbers
  await getPictures.call(['a']);
  // @ts-expect-error and paths are texts
  await byPath.call([1]);
  // @ts-expect-error a key has all its parts
  await getStock.call([{ tenant: 1 }]);
  // @ts-expect-error a picture has no "name"
  provide(pictures, { by: 'name' });
  // @ts-expect-error nor can it be exposed
  provide(pictures, { expose: ['name'] });
  // @ts-expect-error its width is a number
  provide(pictures, { where: () => ({ width: 'x' }) });
  provide(({ keys }: ProviderRequest<string>) => keys.map((id) => ({ id })));
  assertType<Equal<BodyOf<typeof byPath>, ProviderBody<string>>>();
  assertType<Equal<ObjectOf<typeof counted>, { tenant: number; sku: string; count: number }>>();
}

export class Row extends Serializer({
  picture: new RemoteField({ route: getPictures }),
  wide: new RemoteField({ route: getPictures, fields: ['width'], onMissing: 'error' }),
  path: new RemoteField({ route: byPath, mergeKey: 'path', onMissing: 'pk' }),
  stock: new RemoteField({ route: getStock, mergeKey: ['tenant', 'sku'] }),
  pictures: new RemoteField({ route: getPictures, source: 'rows', remoteField: 'picture' }),
}) {}

type Shown = { id: number; path: string; width: number };
assertType<
  Equal<
    Representation<Row>,
    {
      picture: Shown | null;
      wide: { width: number };
      path: Shown | string;
      stock: { tenant: number; sku: string; count: number } | null;
      pictures: Shown[];
    }
  >
>();
assertType<
  Equal<
    Validated<Row>,
    {
      picture: number;
      wide: number;
      path: string;
      stock: { tenant: number; sku: string };
      rows: { picture: number }[];
    }
  >
>();

export function wrong() {
  // @ts-expect-error a picture has no "name"
  new RemoteField({ route: getPictures, mergeKey: 'name' });
  // @ts-expect-error nor has it this part of a key
  new RemoteField({ route: getPictures, mergeKey: ['id', 'name'] });
  // @ts-expect-error nor can it be asked for
  new RemoteField({ route: getPictures, fields: ['name'] });
}

// @ts-expect-error a route that nobody described
export type Unknown = RemoteKey<'nobody.knows'>;

/** A property knows its route by the handle of the provider, by its name, or by the type of its objects. */
export class Product {
  @RemoteColumn({ route: getPictures }) picture!: RemoteKey<typeof getPictures>;
  @RemoteColumn({ route: 'x', type: 'text' }) other!: RemoteKey<{ id: string }>;
  @RemoteColumn({ route: byPath, mergeKey: 'path', type: 'text' })
  path!: RemoteKey<typeof byPath, { mergeKey: 'path' }>;
}

export function keys(product: Product): [number, string, string] {
  product.picture = 7;
  product.path = '/a';
  return [product.picture, product.other, product.path];
}
