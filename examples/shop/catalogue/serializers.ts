/**
 * What the API shows of a product: its columns, and in place of two integers the objects of the image service.
 * For a list, the keys of all its rows go out in one call per route.
 */
import { ModelSerializer, RemoteField } from 'bgtasks/serializers';
import { Product } from './product.js';

/** The image service is another program: all that is known of its objects is what it promises. */
interface RemoteImage {
  id: number;
  path: string;
  alt: string;
}

interface RemoteCategory {
  id: number;
  name: string;
}

export class ProductSerializer extends ModelSerializer(Product, {
  fields: ['id', 'name', 'price', 'stock', 'image', 'category'],
  declared: {
    image: new RemoteField<RemoteImage>({ route: 'images.get' }),
    category: new RemoteField<RemoteCategory>({ route: 'categories.get' }),
  },
  extraKwargs: { price: { minValue: 0 }, stock: { minValue: 0 } },
}) {}
