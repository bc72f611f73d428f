/** 10,000 valid inputs of 12 fields of many kinds: addresses, choices, dates, objects, lists, null. */
import {
  BooleanField,
  CharField,
  ChoiceField,
  DateTimeField,
  EmailField,
  FloatField,
  IntegerField,
  ListField,
  nested,
  Serializer,
  URLField,
  UUIDField,
} from 'bgtasks/serializers';
import { z } from 'zod';
import type { Contender, Scenario } from '../measure.js';

const inputs: unknown[] = Array.from({ length: 10_000 }, (_, i) => ({
  id: i,
  name: `product ${i}`,
  email: `user${i}@example.com`,
  site: 'https://example.com/a',
  uuid: '12345678-1234-4234-8234-123456789abc',
  status: i % 2 === 0 ? 'draft' : 'public',
  note: i % 3 === 0 ? 'text' : null,
  price: 1.5,
  isOpen: true,
  createdAt: '2024-01-01T10:00:00Z',
  address: { street: 'Main', city: 'Rome' },
  tags: ['a', 'b'],
}));

const text = z.string().trim().min(1);
const schema = z.object({
  id: z.int(),
  name: text.max(100),
  email: z.email(),
  site: z.url(),
  uuid: z.uuid(),
  status: z.enum(['draft', 'public']),
  note: text.nullable(),
  price: z.number().max(100),
  isOpen: z.boolean(),
  createdAt: z.iso.datetime({ offset: true }).transform((date) => new Date(date)),
  address: z.object({ street: text, city: text }),
  tags: z.array(text),
});

class AddressSerializer extends Serializer({ street: new CharField(), city: new CharField() }) {}

class ProductSerializer extends Serializer({
  id: new IntegerField(),
  name: new CharField({ maxLength: 100 }),
  email: new EmailField(),
  site: new URLField(),
  uuid: new UUIDField(),
  status: new ChoiceField({ choices: ['draft', 'public'] }),
  note: new CharField({ allowNull: true }),
  price: new FloatField({ maxValue: 100 }),
  isOpen: new BooleanField(),
  createdAt: new DateTimeField(),
  address: nested(AddressSerializer),
  tags: new ListField({ child: new CharField() }),
}) {}

async function bgtasksOneByOne(): Promise<unknown[]> {
  const values: unknown[] = [];
  for (const data of inputs) {
    const product = new ProductSerializer(undefined, { data });
    await product.isValid({ raiseException: true });
    values.push(product.validatedData);
  }
  return values;
}

async function bgtasksList(): Promise<unknown[]> {
  const list = ProductSerializer.many(null, { data: inputs });
  await list.isValid({ raiseException: true });
  return list.validatedData;
}

const expected = JSON.stringify(inputs.map((data) => schema.parse(data)));

export const validationOfKinds: Scenario = {
  name: 'validation-kinds',
  what: '10,000 valid inputs of 12 fields of many kinds',
  contenders: [
    { name: 'zod safeParse', run: () => inputs.map((data) => schema.safeParse(data).data) },
    { name: 'bgtasks, a list', run: bgtasksList },
    { name: 'bgtasks, one by one', run: bgtasksOneByOne },
  ],
  check(result: unknown, { name }: Contender) {
    if (JSON.stringify(result) !== expected) throw new Error(`${name} gives other values than zod.`);
  },
};
