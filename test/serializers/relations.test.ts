import 'reflect-metadata';
import { expect } from 'chai';
import type { Relation } from 'typeorm';
import {
  Column,
  DataSource,
  Entity,
  Index,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryGeneratedColumn,
  Unique,
} from 'typeorm';
import {
  CharField,
  EmailField,
  ManyRelatedField,
  ModelSerializer,
  nested,
  PrimaryKeyRelatedField,
  SlugRelatedField,
  StringRelatedField,
} from '../../serializers/index.js';
import { databases, QueryCounter } from './databases.js';
import { fakeService } from './fake-service.js';
import { withService } from './with-service.js';

@Entity()
class Author {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true }) email!: string;
  @Column({ default: true }) isActive!: boolean;
  @OneToMany(
    () => Book,
    (book) => book.author,
  )
  books!: Relation<Book[]>;
  toString() {
    return `<${this.email}>`;
  }
}

@Entity()
class Tag {
  @PrimaryGeneratedColumn('uuid') id!: string;
  @Column() @Index({ unique: true }) slug!: string;
}

@Entity()
class Cover {
  @PrimaryGeneratedColumn() id!: number;
  @Column() colour!: string;
}

class Size {
  @Column({ default: 1 }) width!: number;
  @Column() height!: number;
}

class Margin {
  @Column() top!: number;
  @Column() bottom!: number;
}

class Frame {
  @Column({ unique: true }) width!: number;
  @Column(() => Margin) margin!: Margin;
}

@Entity()
class Ink {
  @PrimaryGeneratedColumn() id!: number;
  @Column() maker!: string;
  @Column() name!: string;
}

@Entity()
class Sheet {
  @PrimaryGeneratedColumn() id!: number;
  @Column() colour!: string;
  @ManyToOne(() => Ink, { cascade: true }) ink!: Relation<Ink>;
}

@Entity()
class Poster {
  @PrimaryGeneratedColumn() id!: number;
  @ManyToOne(() => Sheet, { cascade: true }) sheet!: Relation<Sheet>;
  @Column(() => Frame) frame!: Frame;
}

@Entity()
@Unique(['author', 'title'])
class Book {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ length: 20 }) title!: string;
  @ManyToOne(
    () => Author,
    (author) => author.books,
    { nullable: false },
  )
  author!: Relation<Author>;
  @ManyToOne(() => Author, { nullable: true, lazy: true }) editor!: Promise<Author | null>;
  @ManyToMany(() => Tag, { cascade: true }) @JoinTable() tags!: Relation<Tag[]>;
  @OneToOne(() => Cover, { nullable: true, cascade: true }) @JoinColumn() cover!: Relation<Cover> | null;
  @Column(() => Size) size!: Size;
}

@Entity()
@Unique(['name', 'state'])
class Stamp {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @Column({ default: 'new' }) state!: string;
}

@Entity()
class Diary {
  @PrimaryGeneratedColumn() id!: number;
  @OneToMany(
    () => Page,
    (page) => page.diary,
    { cascade: true },
  )
  pages!: Relation<Page[]>;
}

@Entity()
class Page {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true }) number!: number;
  @ManyToOne(() => Author) author!: Relation<Author>;
  @ManyToOne(
    () => Diary,
    (diary) => diary.pages,
  )
  diary!: Relation<Diary>;
}

const sizes = { size: { height: 2 } };

for (const database of databases()) {
  describe(`relations on ${database.name}`, () => {
    const counter = new QueryCounter();
    let dataSource: DataSource;

    before(async function () {
      this.timeout(120_000);
      const opened = await database.open({
        entities: [Author, Tag, Cover, Book, Ink, Sheet, Poster, Stamp, Diary, Page],
        logger: counter.logger,
        logging: ['query'],
      });
      if (!opened) return this.skip();
      dataSource = opened;
    });

    after(() => database.close());

    beforeEach(async () => {
      await dataSource.synchronize(true);
      const authors = [{ email: 'a@x.io' }, { email: 'b@x.io', isActive: false }, { email: 'c@x.io' }];
      await dataSource.getRepository(Author).save(authors);
      await dataSource.getRepository(Tag).save([{ slug: 'old' }, { slug: 'new' }]);
      const made = [1, 2, 3].map((n) => books().create({ title: `book ${n}`, author: { id: 1 }, ...sizes }));
      made.forEach((book, index) => {
        book.editor = Promise.resolve({ id: index + 1 } as Author);
      });
      await books().save(made);
    });

    const books = () => dataSource.getRepository(Book);
    const codes = async (serializer: { isValid(o: { raiseException: true }): Promise<boolean> }) => {
      const error = await serializer.isValid({ raiseException: true }).then(
        () => expect.fail('it is valid'),
        (thrown) => thrown,
      );
      return JSON.parse(JSON.stringify(error.errors), (_key, value) =>
        value?.code && value.message ? value.code : value,
      );
    };

    it('looks the keys of a whole list up by one query, and gives the rows themselves', async () => {
      class S extends ModelSerializer(Book, { fields: ['author'], dataSource }) {}
      const data = Array.from({ length: 50 }, (_, n) => ({ author: (n % 3) + 1 }));
      const list = S.many(null, { data });
      const { result, queries } = await counter.during(() => list.isValid());
      expect([result, queries.length]).to.deep.equal([true, 1]);
      expect(list.validatedData[1]?.author).to.be.instanceOf(Author);
      expect((list.validatedData[1] as unknown as { author: Author }).author.email).to.equal('b@x.io');
    });

    it('refuses each key that does not exist at its own place', async () => {
      class S extends ModelSerializer(Book, { fields: ['author', 'tags'], dataSource }) {}
      const data = [
        { author: 1 },
        { author: 9 },
        { author: 'x' },
        { author: true },
        { author: 1, tags: ['x'] },
        { author: 99999999999 },
      ];
      expect(await codes(S.many(null, { data }))).to.deep.equal({
        1: { author: ['does_not_exist'] },
        2: { author: ['incorrect_type'] },
        3: { author: ['incorrect_type'] },
        4: { tags: ['invalid'] },
        5: { author: ['does_not_exist'] },
      });
    });

    it('writes and shows a list of related rows', async () => {
      class S extends ModelSerializer(Book, { fields: ['title', 'author', 'tags', 'size'], dataSource }) {}
      const [old, fresh] = await dataSource.getRepository(Tag).find({ order: { slug: 'DESC' } });
      const data = { title: 'x', author: 2, tags: [old?.id, fresh?.id], size: { height: '4' } };
      const created = new S(undefined, { data });
      await created.isValid({ raiseException: true });
      const row = await created.save();
      expect(await created.data).to.deep.equal({ ...data, size: { width: 1, height: 4 } });
      expect(await new S().data).to.deep.include({ title: '', author: null, tags: [] });
      const updated = new S(row, { data: { tags: [], size: { width: 7 } }, partial: true });
      await updated.isValid({ raiseException: true });
      await updated.save();
      const stored = await books().findOneOrFail({ where: { id: row.id }, relations: { tags: true } });
      expect([stored.tags, stored.size.width, stored.size.height]).to.deep.equal([[], 7, 4]);
    });

    it('loads a lazy relation for the whole list by one query', async () => {
      class S extends ModelSerializer(Book, { fields: ['title', 'editor'], dataSource }) {}
      class Deep extends ModelSerializer(Book, { fields: ['editor'], depth: 1, dataSource }) {}
      const rows = await books().find({ order: { id: 'ASC' } });
      const { result, queries } = await counter.during(() => S.many(rows).data);
      expect(result.map(({ editor }) => editor)).to.deep.equal([1, 2, 3]);
      expect(queries).to.have.length(1);
      const again = await counter.during(() => Deep.many(rows).data);
      expect(again.result[2]).to.deep.equal({ editor: { id: 3, email: 'c@x.io', isActive: true } });
      expect(again.queries).to.have.length(0);
    });

    it('shows a property of what a lazy relation leads to', async () => {
      class S extends ModelSerializer(Book, {
        fields: ['by'],
        declared: { by: new CharField({ source: 'editor.email', allowNull: true, readOnly: true }) },
        dataSource,
      }) {}
      await books().save(books().create({ title: 'x', author: { id: 1 }, ...sizes }));
      const rows = await books().find({ order: { id: 'ASC' } });
      expect((await S.many(rows).data).map(({ by }) => by)).to.deep.equal(['a@x.io', 'b@x.io', 'c@x.io', null]);
    });

    it('writes a lazy relation, and shows what was written', async () => {
      class S extends ModelSerializer(Book, { fields: ['title', 'author', 'editor', 'size'], dataSource }) {}
      const size = { width: 1, height: 2 };
      const created = new S(undefined, { data: { title: 'x', author: 1, editor: 2, size } });
      await created.isValid({ raiseException: true });
      const row = await created.save();
      expect(await created.data).to.deep.equal({ title: 'x', author: 1, editor: 2, size });
      const updated = new S(row, { data: { editor: 3 }, partial: true });
      await updated.isValid({ raiseException: true });
      await updated.save();
      const stored = await books().findOneByOrFail({ id: row.id });
      expect((await stored.editor)?.id).to.equal(3);
    });

    it('finds what is unique by one query for a whole list, and the second of two in it', async () => {
      class S extends ModelSerializer(Author, { fields: ['email'], dataSource }) {}
      const data = ['a@x.io', 'new@x.io', 'c@x.io', 'new@x.io', 'A@x.io'].map((email) => ({ email }));
      const { result, queries } = await counter.during(() => codes(S.many(null, { data })));
      const unique = { email: ['unique'] };
      expect(result).to.deep.equal({ 0: unique, 2: unique, 3: unique });
      expect(queries).to.have.length(1);
    });

    it('lets a row keep its own unique values', async () => {
      class S extends ModelSerializer(Author, { fields: ['email'], dataSource }) {}
      const author = await dataSource.getRepository(Author).findOneByOrFail({ id: 1 });
      expect(await new S(author, { data: { email: 'a@x.io' } }).isValid()).to.equal(true);
      const taken = new S(author, { data: { email: 'b@x.io' } });
      await taken.isValid();
      expect(taken.errors).to.deep.equal({ email: ['author with this email already exists.'] });
    });

    it('finds what is unique in an embedded object, and lets a row keep its own', async () => {
      class S extends ModelSerializer(Poster, { fields: ['frame'], dataSource }) {}
      const margin = { top: 1, bottom: 2 };
      const sheet = { colour: 'red', ink: { maker: 'x', name: 'ruby' } };
      const posters = dataSource.getRepository(Poster);
      const [poster] = await posters.save([1, 2].map((width) => ({ sheet, frame: { width, margin } })));
      const data = [1, 3, 3].map((width) => ({ frame: { width, margin } }));
      const unique = { frame: { width: ['unique'] } };
      expect(await codes(S.many(null, { data }))).to.deep.equal({ 0: unique, 2: unique });
      const row = await posters.findOneByOrFail({ id: poster?.id ?? 0 });
      expect(await new S(row, { data: { frame: { width: 1, margin } } }).isValid()).to.equal(true);
      expect(await codes(new S(row, { data: { frame: { width: 2, margin } } }))).to.deep.equal(unique);
    });

    it('does not ask whether a row has what no row can hold', async () => {
      class S extends ModelSerializer(Author, { fields: ['email'], dataSource }) {}
      const data = ['a\0@x.io', 'a@x.io', 'new@x.io'].map((email) => ({ email }));
      expect(await codes(S.many(null, { data }))).to.deep.equal({
        0: { email: ['null_characters_not_allowed'] },
        1: { email: ['unique'] },
      });
      class PageOf extends ModelSerializer(Page, { fields: ['number'], dataSource }) {}
      const page = new PageOf(undefined, { data: { number: 99_999_999_999 } });
      expect(await page.isValid()).to.equal(database.name === 'sql.js');
    });

    it('takes texts that look like numbers for texts, however long they are', async () => {
      class S extends ModelSerializer(Tag, { fields: ['slug'], dataSource }) {}
      await dataSource.getRepository(Tag).save({ slug: '2.1' });
      const data = ['1.1', '1.10', '2.10', '2.1', `1.${'0'.repeat(100_000)}1`].map((slug) => ({ slug }));
      expect(await codes(S.many(null, { data }))).to.deep.equal({ 3: { slug: ['unique'] } });
    }).timeout(5_000);

    it('finds what is unique together, also where the other half was not loaded', async () => {
      class S extends ModelSerializer(Book, { fields: ['title', 'author'], dataSource }) {}
      const list = S.many(null, { data: ['book 1', 'other', 'book 3'].map((title) => ({ title, author: 1 })) });
      const { queries } = await counter.during(() => list.isValid());
      const taken = { non_field_errors: ['The fields author, title must make a unique set.'] };
      expect(list.errors).to.deep.equal({ 0: taken, 2: taken });
      // One for the authors, one for the books.
      expect(queries).to.have.length(2);
      const row = await books().findOneByOrFail({ title: 'book 1' });
      const renamed = new S(row, { data: { title: 'book 2' }, partial: true });
      await renamed.isValid();
      expect(renamed.errors).to.deep.equal(taken);
      expect(await new S(row, { data: { title: 'book 1' }, partial: true }).isValid()).to.equal(true);
    });

    it('counts the default of a column that is made read-only among what is unique together', async () => {
      class S extends ModelSerializer(Stamp, { fields: ['name', 'state'], readOnlyFields: ['state'], dataSource }) {}
      await dataSource.getRepository(Stamp).save([{ name: 'a' }, { name: 'b', state: 'old' }]);
      expect(await codes(new S(undefined, { data: { name: 'a' } }))).to.deep.equal({ non_field_errors: ['unique'] });
      expect(await new S(undefined, { data: { name: 'b' } }).isValid()).to.equal(true);
    });

    it('stores what is nested where the relation cascades', async () => {
      const CoverSerializer = ModelSerializer(Cover, { fields: ['id', 'colour'], dataSource });
      class S extends ModelSerializer(Book, {
        fields: ['title', 'author', 'cover', 'size'],
        declared: { cover: nested(CoverSerializer) },
        dataSource,
      }) {}
      const data = { title: 'x', author: 1, cover: { colour: 'red' }, size: { width: 1, height: 1 } };
      const created = new S(undefined, { data });
      await created.isValid({ raiseException: true });
      const row = await created.save();
      const { cover } = await created.data;
      expect(cover.colour).to.equal('red');
      const updated = new S(row, { data: { cover: { colour: 'blue' } }, partial: true });
      await updated.isValid({ raiseException: true });
      await updated.save();
      expect(await dataSource.getRepository(Cover).find()).to.deep.equal([{ id: cover.id, colour: 'blue' }]);
    });

    it('changes what is nested within what is nested', async () => {
      const InkSerializer = ModelSerializer(Ink, { fields: ['maker', 'name'], dataSource });
      const SheetSerializer = ModelSerializer(Sheet, {
        fields: ['colour', 'ink'],
        declared: { ink: nested(InkSerializer) },
        dataSource,
      });
      class S extends ModelSerializer(Poster, {
        fields: ['sheet', 'frame'],
        declared: { sheet: nested(SheetSerializer) },
        dataSource,
      }) {}
      const posters = dataSource.getRepository(Poster);
      const sheet = { colour: 'red', ink: { maker: 'x', name: 'ruby' } };
      const { id } = await posters.save({ sheet, frame: { width: 1, margin: { top: 2, bottom: 3 } } });
      const poster = await posters.findOneOrFail({ where: { id }, relations: { sheet: { ink: true } } });
      const data = { sheet: { ink: { name: 'rose' } }, frame: { margin: { top: 5 } } };
      const updated = new S(poster, { data, partial: true });
      await updated.isValid({ raiseException: true });
      await updated.save();
      expect(await updated.data).to.deep.equal({
        sheet: { colour: 'red', ink: { maker: 'x', name: 'rose' } },
        frame: { width: 1, margin: { top: 5, bottom: 3 } },
      });
      const inks = await dataSource.getRepository(Ink).find();
      expect(inks.map(({ maker, name }) => [maker, name])).to.deep.equal([['x', 'rose']]);
    });

    it('refuses what is nested within what is nested where that would not be stored', async () => {
      const AuthorSerializer = ModelSerializer(Author, { fields: ['email'], dataSource });
      const PageSerializer = ModelSerializer(Page, {
        fields: ['number', 'author'],
        declared: { author: nested(AuthorSerializer) },
        dataSource,
      });
      class S extends ModelSerializer(Diary, {
        fields: ['pages'],
        declared: { pages: nested(PageSerializer, { many: true }) },
        dataSource,
      }) {}
      const pages = [{ number: 1, author: { email: 'd@x.io' } }];
      const one = new S(undefined, { data: { pages } });
      const list = S.many(undefined, { data: [{ pages }, { pages: [] }] });
      for (const serializer of [one, list]) {
        await serializer.isValid({ raiseException: true });
        const said = await serializer.save().then(String, ({ code, message }) => `${code}: ${message}`);
        expect(said).to.match(/^USAGE: .*"pages.author" is nested/);
      }
    });

    it('refuses what is nested in place of an object that was not loaded', async () => {
      class S extends ModelSerializer(Book, {
        fields: ['cover'],
        declared: { cover: nested(ModelSerializer(Cover, { fields: ['colour'], dataSource })) },
        dataSource,
      }) {}
      const { id } = await books().save({ title: 'x', author: { id: 1 }, cover: { colour: 'red' }, ...sizes });
      const book = await books().findOneByOrFail({ id });
      const updated = new S(book, { data: { cover: { colour: 'blue' } }, partial: true });
      await updated.isValid({ raiseException: true });
      const said = await updated.save().catch(({ code, message }) => `${code}: ${message}`);
      expect(said).to.match(/^USAGE: The relation "cover" of Book is not loaded/);
      expect(await dataSource.getRepository(Cover).count()).to.equal(1);
    });

    it('joins a row once that is named twice', async () => {
      class S extends ModelSerializer(Book, { fields: ['tags'], dataSource }) {}
      const book = await books().findOneOrFail({ where: { id: 1 }, relations: { tags: true } });
      const [{ id: tag } = { id: '' }] = await dataSource.getRepository(Tag).find();
      const updated = new S(book, { data: { tags: [tag, tag] }, partial: true });
      await updated.isValid({ raiseException: true });
      await updated.save();
      expect(await updated.data).to.deep.equal({ tags: [tag] });
    });

    it('shows and reads rows by another property, and by what they say of themselves', async () => {
      class S extends ModelSerializer(Book, {
        fields: ['author', 'tags', 'by'],
        declared: {
          author: new SlugRelatedField({ queryset: Author, slugField: 'email', where: { isActive: true } }),
          tags: new SlugRelatedField({ queryset: Tag, slugField: 'slug', many: true, required: false }),
          by: new StringRelatedField({ source: 'author' }),
        },
        dataSource,
      }) {}
      const row = await books().findOneOrFail({ where: { id: 1 }, relations: { author: true, tags: true } });
      expect(await new S(row).data).to.deep.equal({ author: 'a@x.io', tags: [], by: '<a@x.io>' });
      const good = new S(undefined, { data: { author: 'c@x.io', tags: ['new'] } });
      await good.isValid({ raiseException: true });
      expect([good.validatedData.author.id, good.validatedData.tags?.[0]?.slug]).to.deep.equal([3, 'new']);
      const bad = new S(undefined, { data: { author: 'b@x.io', tags: ['new', 'none', 'nor this'] } });
      await bad.isValid();
      expect(bad.errors).to.deep.equal({
        author: ['Object with email=b@x.io does not exist.'],
        tags: ['Object with slug=none does not exist.'],
      });
    });

    it('takes a repository or a function for the rows that can be named', async () => {
      for (const queryset of [dataSource.getRepository(Author), () => dataSource.getRepository(Author)]) {
        const field = new PrimaryKeyRelatedField({ queryset });
        expect(await field.runValidation('2')).to.be.instanceOf(Author);
        expect(await Promise.resolve(field.runValidation('7')).catch(({ errors }) => errors[0].message)).to.equal(
          'Invalid pk "7" - object does not exist.',
        );
      }
    });

    it('asks the data source of the service in use, also where another service came first', async () => {
      class BookOf extends ModelSerializer(Book, { fields: ['author'] }) {}
      class AuthorOf extends ModelSerializer(Author, { fields: ['email'] }) {}
      const entities = [Author, Tag, Cover, Book];
      const other = await new DataSource({ type: 'sqljs', entities, synchronize: true }).initialize();
      await other.getRepository(Author).save({ id: 7, email: 'other@x.io' });
      const isValid = (used: DataSource, author: number, email: string) =>
        withService({ ...fakeService({}), settings: { dataSource: used } }, () =>
          Promise.all([
            new BookOf(undefined, { data: { author } }).isValid({ raiseException: true }),
            new AuthorOf(undefined, { data: { email } }).isValid({ raiseException: true }),
          ]),
        );
      expect(await isValid(dataSource, 1, 'other@x.io')).to.deep.equal([true, true]);
      expect(await isValid(other, 7, 'a@x.io')).to.deep.equal([true, true]);
      await other.destroy();
    });

    it('reads a list of rows by any field of one', async () => {
      const child = new SlugRelatedField({ queryset: () => dataSource.getRepository(Tag), slugField: 'slug' });
      const field = new ManyRelatedField({ child, allowEmpty: false });
      expect(await field.runValidation(['old', 'new'])).to.have.length(2);
      const codeOf = (data: unknown) =>
        Promise.resolve()
          .then(() => field.runValidation(data))
          .then(
            () => 'none',
            ({ errors }) => errors[0].code,
          );
      expect(await Promise.all([[], 'old', ['old', 'none'], [null]].map(codeOf))).to.deep.equal([
        'empty',
        'not_a_list',
        'does_not_exist',
        'null',
      ]);
      expect(field.toRepresentation([{ slug: 'x' }])).to.deep.equal(['x']);
    });

    it('makes the field of another class of a column where it is told to', async () => {
      class S extends ModelSerializer(Author, {
        fields: ['email'],
        extraKwargs: { email: { fieldClass: EmailField } },
        dataSource,
      }) {}
      expect(await codes(new S(undefined, { data: { email: 'x' } }))).to.deep.equal({ email: ['invalid'] });
      expect(await codes(new S(undefined, { data: { email: 'a@x.io' } }))).to.deep.equal({ email: ['unique'] });
    });
  });
}
