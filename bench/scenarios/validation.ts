/** 10,000 inputs of 12 fields are validated with every error reported; one in ten has three errors. */
import 'reflect-metadata';
import { BooleanField, CharField, FloatField, IntegerField, ListField, Serializer } from 'bgtasks/serializers';
import { plainToInstance } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  validateSync,
} from 'class-validator';
import { z } from 'zod';
import type { Contender, Scenario } from '../measure.js';

const inputs: unknown[] = Array.from({ length: 10_000 }, (_, i) => ({
  id: i,
  name: i % 10 === 0 ? 'x'.repeat(101) : `product ${i}`,
  sku: `sku ${i}`,
  price: i % 10 === 0 ? 'dear' : i * 1.5,
  stock: i % 10 === 0 ? -1 : i % 100,
  active: i % 2 === 0,
  category: i % 10,
  description: `text ${i}`,
  rating: 4.5,
  weight: i,
  tags: ['a', 'b'],
  color: 'red',
}));
const INVALID = 1000;

const schema = z.object({
  id: z.int(),
  name: z.string().min(1).max(100),
  sku: z.string().min(1),
  price: z.number(),
  stock: z.int().min(0),
  active: z.boolean(),
  category: z.int(),
  description: z.string().min(1),
  rating: z.number().min(0).max(5),
  weight: z.int(),
  tags: z.array(z.string().min(1)),
  color: z.string().min(1).max(20),
});

class ProductSerializer extends Serializer({
  id: new IntegerField(),
  name: new CharField({ maxLength: 100 }),
  sku: new CharField(),
  price: new FloatField(),
  stock: new IntegerField({ minValue: 0 }),
  active: new BooleanField(),
  category: new IntegerField(),
  description: new CharField(),
  rating: new FloatField({ minValue: 0, maxValue: 5 }),
  weight: new IntegerField(),
  tags: new ListField({ child: new CharField() }),
  color: new CharField({ maxLength: 20 }),
}) {}

class Product {
  @IsInt() id!: number;
  @Length(1, 100) name!: string;
  @IsString() sku!: string;
  @IsNumber() price!: number;
  @IsInt() @Min(0) stock!: number;
  @IsBoolean() active!: boolean;
  @IsInt() category!: number;
  @IsString() description!: string;
  @IsNumber() @Min(0) @Max(5) rating!: number;
  @IsInt() weight!: number;
  @IsArray() @IsString({ each: true }) tags!: string[];
  @MaxLength(20) color!: string;
}

async function bgtasksOneByOne(): Promise<number> {
  let invalid = 0;
  for (const data of inputs) {
    const serializer = new ProductSerializer(undefined, { data });
    if (!(await serializer.isValid()) && serializer.errors) invalid += 1;
  }
  return invalid;
}

async function bgtasksList(): Promise<number> {
  const list = ProductSerializer.many(null, { data: inputs });
  await list.isValid();
  return Object.keys(list.errors).length;
}

export const validation: Scenario = {
  name: 'validation',
  what: '10,000 inputs of 12 fields, every error reported',
  contenders: [
    { name: 'zod safeParse', run: () => inputs.filter((data) => !schema.safeParse(data).success).length },
    { name: 'bgtasks, a list', run: bgtasksList },
    { name: 'bgtasks, one by one', run: bgtasksOneByOne },
    {
      name: 'class-validator',
      run: () => inputs.filter((data) => validateSync(plainToInstance(Product, data)).length > 0).length,
    },
  ],
  check(result: unknown, { name }: Contender) {
    if (result !== INVALID) throw new Error(`${name} finds ${result} invalid inputs, not ${INVALID}.`);
  },
};
