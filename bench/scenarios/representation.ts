/** 10,000 rows of 12 fields become plain objects. */
import 'reflect-metadata';
import { BooleanField, CharField, DateTimeField, FloatField, IntegerField, Serializer } from 'bgtasks/serializers';
import { Expose, instanceToPlain } from 'class-transformer';
import type { Contender, Scenario } from '../measure.js';

class Product {
  @Expose() id = 0;
  @Expose() name = '';
  @Expose() sku: string | null = null;
  @Expose() price = 0;
  @Expose() stock = 0;
  @Expose() active = false;
  @Expose() category = 0;
  @Expose() description = '';
  @Expose() rating = 0;
  @Expose() weight = 0;
  @Expose() createdAt: Date = new Date(0);
  @Expose() updatedAt: Date = new Date(0);
}

const FIELDS = {
  id: new IntegerField(),
  name: new CharField({ maxLength: 100 }),
  sku: new CharField({ allowNull: true }),
  price: new FloatField(),
  stock: new IntegerField(),
  active: new BooleanField(),
  category: new IntegerField(),
  description: new CharField(),
  rating: new FloatField(),
  weight: new IntegerField(),
};

class ProductSerializer extends Serializer({
  ...FIELDS,
  createdAt: new DateTimeField(),
  updatedAt: new DateTimeField(),
}) {}

const rows = Array.from({ length: 10_000 }, (_, i) =>
  Object.assign(new Product(), {
    id: i,
    name: `product ${i}`,
    sku: i % 3 ? `sku ${i}` : null,
    price: i * 1.5,
    stock: i % 100,
    active: i % 2 === 0,
    category: i % 10,
    description: `text ${i}`,
    rating: 4.5,
    weight: i,
    createdAt: new Date(1.6e12 + i * 1000),
    updatedAt: new Date(1.6e12 + i * 1000),
  }),
);

/** As DRF writes it: six digits of a fraction, or none. */
function dateText(date: Date): string {
  const text = date.toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : `${text.slice(0, -1)}000Z`;
}

const byHand = () =>
  rows.map((row) => ({
    id: row.id,
    name: row.name,
    sku: row.sku,
    price: row.price,
    stock: row.stock,
    active: row.active,
    category: row.category,
    description: row.description,
    rating: row.rating,
    weight: row.weight,
    createdAt: dateText(row.createdAt),
    updatedAt: dateText(row.updatedAt),
  }));

const expected = JSON.stringify(byHand());

export const representation: Scenario = {
  name: 'representation',
  what: '10,000 rows of 12 fields to plain objects',
  contenders: [
    { name: 'hand-written map', run: byHand },
    { name: 'bgtasks', run: () => ProductSerializer.many(rows).data },
    { name: 'class-transformer', run: () => instanceToPlain(rows) },
  ],
  check(result: unknown, { name }: Contender) {
    const isSame =
      name === 'class-transformer' ? (result as unknown[]).length === 10_000 : JSON.stringify(result) === expected;
    if (!isSame) throw new Error(`${name} gives other objects than the hand-written map.`);
  },
};

const local = rows.map((row) => ({ ...row, createdAt: row.id, updatedAt: row.id }));

const localByHand = () =>
  local.map((row) => ({
    id: row.id,
    name: row.name,
    sku: row.sku,
    price: row.price,
    stock: row.stock,
    active: row.active,
    category: row.category,
    description: row.description,
    rating: row.rating,
    weight: row.weight,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  }));

class PlainSerializer extends Serializer({
  ...FIELDS,
  createdAt: new IntegerField(),
  updatedAt: new IntegerField(),
}) {}

const localExpected = JSON.stringify(localByHand());

export const plainRepresentation: Scenario = {
  name: 'representation-plain',
  what: 'the same without dates, whose text costs both sides most',
  contenders: [
    { name: 'hand-written map', run: localByHand },
    { name: 'bgtasks', run: () => PlainSerializer.many(local).data },
  ],
  check(result: unknown, { name }: Contender) {
    if (JSON.stringify(result) !== localExpected)
      throw new Error(`${name} gives other objects than the hand-written map.`);
  },
};
