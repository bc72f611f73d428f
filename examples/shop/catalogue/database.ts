/** The database of the catalogue: SQLite in memory, apart from that of the image service. */
import { DataSource } from 'typeorm';
import { Product } from './product.js';
import { SeedProducts1735689600000 } from './seed.js';

export const database = new DataSource({
  type: 'sqljs',
  entities: [Product],
  migrations: [SeedProducts1735689600000],
  migrationsRun: true,
});
