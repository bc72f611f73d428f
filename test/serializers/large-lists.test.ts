import 'reflect-metadata';
import { expect } from 'chai';
import type { DataSource, Relation } from 'typeorm';
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { ModelSerializer } from '../../serializers/index.js';
import { databases, QueryCounter } from './databases.js';

@Entity()
class Shelf {
  @PrimaryGeneratedColumn() id!: number;
}

@Entity()
@Unique(['shelf', 'place'])
class Item {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true }) code!: string;
  @Column() place!: number;
  @ManyToOne(() => Shelf) shelf!: Relation<Shelf>;
}

for (const database of databases()) {
  describe(`lists longer than one statement takes, on ${database.name}`, function () {
    this.timeout(60_000);
    const counter = new QueryCounter();
    let dataSource: DataSource;

    before(async function () {
      const opened = await database.open({ entities: [Shelf, Item], logger: counter.logger, logging: ['query'] });
      if (!opened) return this.skip();
      dataSource = opened;
      await dataSource.getRepository(Shelf).save([{}, {}]);
    });

    after(() => database.close());

    it('are checked and stored', async () => {
      const Items = ModelSerializer(Item, { fields: '__all__', dataSource });
      const count = 22_000;
      const data = Array.from({ length: count }, (_, n) => ({ code: `c${n}`, place: n, shelf: (n % 2) + 1 }));
      const items = Items.many(null, { data });
      const { result, queries } = await counter.during(() => items.isValid());
      expect(result).to.equal(true);
      expect(queries.length).to.be.below(6);
      await items.save();
      expect(await dataSource.getRepository(Item).count()).to.equal(count);
    });

    it('are refused where related rows make a set that is there, whichever row of the list they are', async () => {
      const Items = ModelSerializer(Item, { fields: '__all__', dataSource });
      const data = [
        { code: 'x', place: 0, shelf: 1 },
        { code: 'y', place: 0, shelf: 2 },
      ];
      const items = Items.many(null, { data });
      expect(await items.isValid()).to.equal(false);
      expect(items.errors).to.deep.equal({
        0: { non_field_errors: ['The fields shelf, place must make a unique set.'] },
      });
    });
  });
}
