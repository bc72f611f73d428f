/** The database of the image service: SQLite in memory. The service opens and closes it. */
import { DataSource } from 'typeorm';
import { Category, Image } from './entities.js';
import { SeedImages1735689600000 } from './seed.js';

export const database = new DataSource({
  type: 'sqljs',
  entities: [Image, Category],
  migrations: [SeedImages1735689600000],
  migrationsRun: true,
});
