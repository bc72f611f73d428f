/** Creates the tables and fills them: one image per kind and colour. */
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CATEGORIES, COLOUR_NAMES, KINDS } from '../assortment.js';
import { Category, Image } from './entities.js';

export class SeedImages1735689600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "image" ("id" integer PRIMARY KEY, "path" varchar NOT NULL, "alt" varchar NOT NULL)',
    );
    await runner.query('CREATE TABLE "category" ("id" integer PRIMARY KEY, "name" varchar NOT NULL)');
    await runner.manager.insert(Image, images());
    await runner.manager.insert(Category, categories());
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('image');
    await runner.dropTable('category');
  }
}

function images(): Image[] {
  const alts = KINDS.flatMap((kind) => COLOUR_NAMES.map((colour) => `A ${kind.name} in ${colour}`));
  return alts.map((alt, index) => ({ id: index + 1, path: `/images/${index + 1}.svg`, alt }));
}

function categories(): Category[] {
  return CATEGORIES.map((name, index) => ({ id: index + 1, name }));
}
