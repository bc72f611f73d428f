/** Creates the table of products and fills it: 312 of them, the same at every start. */
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CATEGORIES, COLOUR_NAMES, KINDS, type Kind, pick } from '../assortment.js';
import { Product } from './product.js';

const COLLECTIONS = [
  ...['Alder', 'Bruno', 'Calla', 'Dune', 'Esker', 'Fjell', 'Greta', 'Hollis', 'Ilse', 'Juniper', 'Kestrel', 'Lund'],
  ...['Marlow', 'Nordby', 'Olive', 'Pepin', 'Quill', 'Rhea', 'Sorrel', 'Tarn', 'Una', 'Vesper', 'Wren', 'Yarrow'],
];
const PER_KIND = 12;

export class SeedProducts1735689600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "product" ("id" integer PRIMARY KEY, "name" varchar(80) NOT NULL, "price" integer NOT NULL, ' +
        '"stock" integer NOT NULL, "image" integer NOT NULL, "category" integer NOT NULL)',
    );
    await runner.manager.insert(Product, products());
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('product');
  }
}

function products(): Product[] {
  const rounds = Array.from({ length: PER_KIND }, (_, round) =>
    KINDS.map((kind, index) => product(kind, index, round)),
  );
  return rounds.flat().map((row, index) => ({ id: index + 1, ...row }));
}

/** Multiples of primes stand in for chance: varied, and repeatable. */
function product(kind: Kind, index: number, round: number): Omit<Product, 'id'> {
  const colour = (index * 3 + round * 5) % COLOUR_NAMES.length;
  const [lowest, highest] = kind.prices;
  const price = lowest + ((index * 37 + round * 53) % 101) * ((highest - lowest) / 100);
  const collection = pick(COLLECTIONS, index * 7 + round * 5);
  return {
    name: `${collection} ${pick(kind.materials, index + round)} ${kind.name}, ${pick(COLOUR_NAMES, colour)}`,
    price: Math.round(price / 50) * 50,
    stock: (index * 17 + round * 29 + 11) % 43,
    image: index * COLOUR_NAMES.length + colour + 1,
    category: CATEGORIES.indexOf(kind.category) + 1,
  };
}
