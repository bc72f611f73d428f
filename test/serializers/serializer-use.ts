/** What must compile together with tasks, providers and views. */
import type { RequestHandler } from 'express';
import { view } from '../../lib/adapters/express.js';
import type { Fail, ObjectOf, RpcTask } from '../../lib/index.js';
import { provide, rpcTask } from '../../lib/index.js';
import {
  type InputOf,
  ModelSerializer,
  RemoteField,
  type Representation,
  serializerClass,
} from '../../serializers/index.js';
import { assertType, type Equal } from './equal.js';
import { Product, ProductSerializer, type V } from './types.test.js';

export const list = view(async (req) => ProductSerializer.many([] as Product[], { context: { req } }));
assertType<
  Equal<
    Representation<typeof ProductSerializer>[],
    typeof list extends RequestHandler<Record<string, string>, infer B> ? B : never
  >
>();

// handles as routes, serializers as bodies
const getShops = rpcTask('shops.get')(provide(async ({ keys }) => keys.map((id) => ({ id, title: 'x', open: true }))));
class WithHandle extends ModelSerializer(Product, {
  fields: ['id', 'category'],
  declared: { category: new RemoteField({ route: getShops, fields: ['id', 'title'] }) },
}) {}
assertType<Equal<Representation<WithHandle>, { id: number; category: { id: number; title: string } | null }>>();
// @ts-expect-error 'titel' is not a property of what the handle answers
new RemoteField({ route: getShops, fields: ['titel'] });
const add = rpcTask('products.add', { body: ProductSerializer }, async (body) => {
  assertType<Equal<typeof body, V>>();
  return { id: 1 };
});
type Input = { name: string; category: number; shop: number; slug: string; sku?: string | null; tags?: string[] };
assertType<Equal<InputOf<typeof ProductSerializer>, Input>>();
assertType<Equal<typeof add, RpcTask<'products.add', Input, { id: number } | Fail<Record<string, unknown>>>>>();
const addMany = rpcTask('products.addMany', { body: ProductSerializer.many() })((body) => {
  assertType<Equal<typeof body, V[]>>();
});
assertType<Equal<Parameters<typeof addMany.call>[0], Input[]>>();
const asProvider = rpcTask('products.get')(provide(async ({ keys }) => WithHandle.many(keys.map(() => new Product()))));
assertType<Equal<ObjectOf<typeof asProvider>, { id: number; category: { id: number; title: string } | null }>>();

// handlers that are given a valid serializer
const byIds = rpcTask('products.byIds')(serializerClass()(async ({ validatedData }) => validatedData.ids ?? []));
assertType<Equal<typeof byIds, RpcTask<'products.byIds', unknown, number[] | Fail<Record<string, unknown>>>>>();
