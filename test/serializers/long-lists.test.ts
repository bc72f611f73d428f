import 'reflect-metadata';
import { expect } from 'chai';
import { Column, DataSource, Entity, ManyToOne, PrimaryGeneratedColumn, type Relation, Unique } from 'typeorm';
import { ModelSerializer } from '../../serializers/index.js';
import { type AnyRepository, inQueries } from '../../serializers/typeorm/query.js';
import { QueryCounter } from './databases.js';

@Entity()
class Author {
  @PrimaryGeneratedColumn() id!: number;
}

@Entity()
@Unique(['author', 'title'])
class Book {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true }) code!: string;
  @Column() title!: string;
  @ManyToOne(() => Author, { nullable: false }) author!: Relation<Author>;
}

/** More than SQLite binds in one query. */
const MANY = 35_000;

describe('a list longer than one query may be', () => {
  const counter = new QueryCounter();
  const dataSource = new DataSource({
    type: 'sqljs',
    entities: [Author, Book],
    synchronize: true,
    logging: true,
    logger: counter.logger,
  });
  class BookSerializer extends ModelSerializer(Book, { fields: ['code', 'title', 'author'], dataSource }) {}

  before(async () => {
    await dataSource.initialize();
    await dataSource.getRepository(Author).save([{}, {}]);
    await dataSource.getRepository(Book).save([
      { code: 'c7', title: 'taken', author: { id: 1 } },
      { code: `c${MANY - 1}`, title: 'taken', author: { id: 2 } },
    ]);
  });
  after(() => dataSource.destroy());

  it('is checked in several', async function () {
    this.timeout(60_000);
    const data = Array.from({ length: MANY }, (_, i) => ({ code: `c${i}`, title: `t${i}`, author: 1 }));
    const books = BookSerializer.many(null, { data });
    const { result, queries } = await counter.during(() => books.isValid());
    expect(result).to.equal(false);
    const taken = { code: ['book with this code already exists.'] };
    expect(books.errors).to.deep.equal({ 7: taken, [MANY - 1]: taken });
    // The author, the codes twice as they are too many; the sets follow only where the fields were valid.
    expect(queries.filter((query) => query.includes(' IN ('))).to.have.length.within(3, 8);
  });

  it('finds each related row of a set, and not only the last of them', async () => {
    const data = [
      { code: 'x', title: 'taken', author: 1 },
      { code: 'y', title: 'taken', author: 2 },
      { code: 'z', title: 'free', author: 2 },
    ];
    const books = BookSerializer.many(null, { data });
    expect(await books.isValid()).to.equal(false);
    const taken = { non_field_errors: ['The fields author, title must make a unique set.'] };
    expect(books.errors).to.deep.equal({ 0: taken, 1: taken });
  });

  for (const [type, most] of [
    ['mssql', 2100],
    ['oracle', 1000],
    ['sqljs', 32_766],
    ['postgres', 65_535],
    ['mysql', 65_535],
    ['unheard-of', 1000],
  ] as const) {
    it(`binds no more than ${most} values on ${type}`, () => {
      const repository = { manager: { connection: { options: { type } } } } as unknown as AnyRepository;
      const items = Array.from({ length: 150_000 }, (_, i) => i);
      for (const parts of [1, 2, 3]) {
        const queries = inQueries(repository, items, parts);
        expect(queries.flat()).to.deep.equal(items);
        expect(Math.max(...queries.map(({ length }) => length * parts))).to.be.within(most * 0.8, most);
      }
    });
  }

  it('asks nothing where there is nothing to ask', () => {
    const repository = { manager: { connection: { options: { type: 'postgres' } } } } as unknown as AnyRepository;
    expect(inQueries(repository, [])).to.deep.equal([]);
  });
});
