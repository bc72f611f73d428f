/** What must compile, and what must not: the types of serializers and fields. Compiling is the test. */
import 'reflect-metadata';
import type { Relation } from 'typeorm';
import { Column, Entity, ManyToMany, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import {
  CharField,
  ChoiceField,
  DateTimeField,
  Field,
  HiddenField,
  type InputOf,
  IntegerField,
  ListField,
  MethodField,
  ModelSerializer,
  nested,
  PrimaryKeyRelatedField,
  RemoteField,
  type Representation,
  RPCSerializerMixin,
  Serializer,
  SlugRelatedField,
  serializerClass,
  type Validated,
} from '../../serializers/index.js';
import { assertType, type Equal } from './equal.js';

@Entity()
class Tag {
  @PrimaryGeneratedColumn('uuid') id!: string;
  @Column() slug!: string;
}

@Entity()
class Shop {
  @PrimaryGeneratedColumn() id!: number;
  @Column() title!: string;
}

@Entity()
export class Product {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ length: 100 }) name!: string;
  @Column({ type: 'varchar', nullable: true }) sku!: string | null;
  @Column('int') category!: number;
  @Column() createdAt!: Date;
  @ManyToOne(() => Shop) shop!: Relation<Shop>;
  @ManyToOne(() => Shop, { lazy: true }) lazyShop!: Promise<Shop>;
  @ManyToMany(() => Tag) tags!: Relation<Tag[]>;
  method() {
    return 1;
  }
  get label() {
    return 'x';
  }
}

interface Category {
  id: number;
  name: string;
  parent: number;
}

declare module '../../lib/tasks/remotes.js' {
  interface Remotes {
    'category.get': Category;
    'user.get': { id: string; email: string };
  }
}

class SlugField extends Field {
  toRepresentation(v: string) {
    return v.toLowerCase() as Lowercase<string>;
  }
  toInternalValue(d: unknown) {
    if (typeof d !== 'string') this.fail('invalid');
    return d;
  }
}

export class ProductSerializer extends RPCSerializerMixin(
  ModelSerializer(Product, {
    fields: [
      'id',
      'name',
      'sku',
      'category',
      'owner',
      'createdAt',
      'shop',
      'lazyShop',
      'tags',
      'label',
      'upper',
      'slug',
    ],
    readOnlyFields: ['createdAt', 'label'],
    extraKwargs: { name: { maxLength: 10 }, tags: { required: false }, lazyShop: { readOnly: true } },
    declared: {
      category: new RemoteField({ route: 'category.get', fields: ['id', 'name'] }),
      owner: new RemoteField({ route: 'user.get', onMissing: 'error', source: 'ownerId', readOnly: true }),
      upper: new MethodField((p, { context }) => p.name.toUpperCase() + String(context.x)),
      slug: new SlugField(),
    },
    validators: { name: (v) => v.trim() },
    validate(attrs) {
      if (attrs.category < 0) throw new Error('bad');
      return attrs;
    },
  }),
) {}

type Expected = {
  id: number;
  name: string;
  sku: string | null;
  category: Pick<Category, 'id' | 'name'> | null;
  owner: { id: string; email: string };
  createdAt: string;
  shop: number;
  lazyShop: number;
  tags: string[];
  label: string;
  upper: string;
  slug: Lowercase<string>;
};
assertType<Equal<Representation<ProductSerializer>, Expected>>();
assertType<Equal<Representation<typeof ProductSerializer>, Expected>>();

export type V = Validated<ProductSerializer>;
assertType<
  Equal<
    V,
    {
      name: string;
      category: number;
      shop: { id: number };
      slug: string;
      sku?: string | null;
      tags?: { id: string }[];
    }
  >
>();

export class Order extends Serializer({
  n: new IntegerField({ minValue: 1 }),
  data: new CharField({ allowNull: true, required: false }),
  errors: new ListField({ child: new IntegerField() }),
  at: new DateTimeField(),
  items: nested(ProductSerializer, { many: true, readOnly: true }),
  cat: new RemoteField<Category>({ route: 'x' }),
  cats: new RemoteField({ route: 'category.get', many: true }),
  who: new HiddenField({ default: () => 7 }),
  bare: new CharField(),
}) {}

async function inferred(o: Order, rows: Product[]) {
  const d = await o.data;
  assertType<
    Equal<
      typeof d,
      {
        n: number;
        data: string | null;
        errors: number[];
        at: string;
        items: Expected[];
        cat: Category | null;
        cats: Category[];
        bare: string;
      }
    >
  >();
  assertType<
    Equal<
      Validated<Order>,
      {
        n: number;
        errors: number[];
        at: Date;
        cat: number;
        cats: number[];
        who: number;
        bare: string;
        data?: string | null;
      }
    >
  >();
  const l = await ProductSerializer.many(rows).data;
  l[0]?.category?.name;
  assertType<Equal<Representation<ReturnType<typeof ProductSerializer.many<ProductSerializer>>>, Expected[]>>();
  // @ts-expect-error a row of another entity
  ProductSerializer.many([new Tag()]);
}

function refused() {
  ModelSerializer(Product, {
    fields: ['id', 'category'],
    declared: {
      // @ts-expect-error 'nmae' is not a property of Category
      category: new RemoteField({ route: 'category.get', fields: ['nmae'] }),
    },
  });
  ModelSerializer(Product, {
    // @ts-expect-error method() is not a column
    fields: ['method'],
  });
  ModelSerializer(Product, {
    fields: ['id', 'name'],
    // @ts-expect-error 'sku' is not among the fields
    readOnlyFields: ['sku'],
  });
  Serializer(
    { n: new IntegerField() },
    // @ts-expect-error the value is a number
    { validators: { n: (value: string) => value } },
  );
}

// a route that nobody described
const unknownRoute = Serializer({ who: new RemoteField({ route: 'nobody.knows' }) });
assertType<Equal<Representation<typeof unknownRoute>, { who: { [x: string]: unknown; id: string | number } | null }>>();
const unknownPicked = Serializer({
  who: new RemoteField({ route: 'nobody.knows', onMissing: 'pk', fields: ['name'] }),
});
assertType<Equal<Representation<typeof unknownPicked>, { who: { name: unknown } | string | number }>>();

// policies are part of the type
const policies = Serializer({
  pk: new RemoteField({ route: 'category.get', onMissing: 'pk' }),
  down: new RemoteField({ route: 'category.get', onMissing: 'error', onError: 'pk' }),
  list: new RemoteField({ route: 'category.get', many: true, onError: 'null' }),
  keyed: new RemoteField({ route: 'category.get', mergeKey: 'name', onMissing: 'pk' }),
});
assertType<
  Equal<
    Representation<typeof policies>,
    { pk: Category | number; down: Category | number; list: Category[] | null; keyed: Category | string }
  >
>();
assertType<Equal<Validated<typeof policies>, { pk: number; down: number; list: number[]; keyed: string }>>();

// a serializer for the remote objects
class CategorySerializer extends Serializer({ title: new CharField({ source: 'name' }) }) {}
const represented = Serializer({
  category: new RemoteField({ route: 'category.get', serializer: CategorySerializer }),
});
assertType<Equal<Representation<typeof represented>, { category: { title: string } | null }>>();

// columns by '__all__' and by exclusion
const all = ModelSerializer(Product, { fields: '__all__' });
assertType<
  Equal<
    Representation<typeof all>,
    {
      id: number;
      name: string;
      sku: string | null;
      category: number;
      createdAt: string;
      shop: number;
      lazyShop: number;
    }
  >
>();
const replaced = ModelSerializer(Product, {
  fields: '__all__',
  declared: { category: new RemoteField({ route: 'category.get' }), extra: new MethodField((p) => p.id) },
});
assertType<Equal<Representation<typeof replaced>['category'], Category | null>>();
assertType<Equal<Representation<typeof replaced>['extra'], number>>();
const excluded = ModelSerializer(Product, { exclude: ['createdAt', 'shop', 'lazyShop', 'sku'] });
assertType<Equal<Representation<typeof excluded>, { id: number; name: string; category: number }>>();
assertType<Equal<Validated<typeof excluded>, { name: string; category: number }>>();

// with depth, a relation shows its objects
const deep = ModelSerializer(Product, { fields: ['id', 'shop', 'lazyShop', 'tags', 'category'], depth: 1 });
assertType<
  Equal<
    Representation<typeof deep>,
    {
      id: number;
      shop: { id: number; title: string };
      lazyShop: { id: number; title: string };
      tags: { id: string; slug: string }[];
      category: number;
    }
  >
>();
assertType<Equal<Validated<typeof deep>, { category: number }>>();

// a row that is named by a key is read as the row itself
const related = Serializer({
  shop: new PrimaryKeyRelatedField({ queryset: Shop }),
  tags: new SlugRelatedField({ queryset: Tag, slugField: 'slug', many: true, allowNull: true }),
});
assertType<Equal<Representation<typeof related>, { shop: number; tags: string[] | null }>>();
assertType<Equal<Validated<typeof related>, { shop: Shop; tags: Tag[] | null }>>();
assertType<Equal<InputOf<typeof related>, { shop: number; tags: string[] | null }>>();

// what JSON a serializer reads
assertType<
  Equal<
    InputOf<Order>,
    {
      n: number;
      data?: string | null;
      errors: number[];
      at: string;
      cat: number;
      cats: number[];
      bare: string;
    }
  >
>();

// values stand under their source
const sourced = Serializer({
  title: new CharField({ source: 'name' }),
  city: new CharField({ source: 'address.city' }),
  colour: new ChoiceField({ choices: ['red', 'green'] }),
});
assertType<Equal<Validated<typeof sourced>, { name: string; address: { city: string }; colour: 'red' | 'green' }>>();
assertType<Equal<Representation<typeof sourced>, { title: string; city: string; colour: 'red' | 'green' }>>();

// a handler is given the serializer
const byIds = serializerClass()(async (serializer) => serializer.validatedData.ids?.length ?? 0);
assertType<Equal<Awaited<ReturnType<typeof byIds>>, number | { status: 'fail'; data: Record<string, unknown> }>>();
serializerClass(ProductSerializer, { many: true })((serializer) => {
  assertType<Equal<typeof serializer.validatedData, V[]>>();
});

describe('the types of serializers', () => {
  it('hold at compile time', () => {
    void inferred;
    void refused;
  });
});
