import { expect } from 'chai';
import { DataSource } from 'typeorm';
import { InboxMessage, OutboxMessage } from '../../lib/adapters/typeorm/index.js';
import { autoClose } from '../support/auto-close.js';
import { startPostgres } from '../support/postgres.js';
import { compiled, run } from './compiled.js';
import { Document } from './document.js';

const guide = new Document('docs/outbox.md');

describe('the page on outbox and inbox', function () {
  this.timeout(60_000);

  it('shows what its example prints', () => {
    const app = compiled(guide.files);
    const environment = { BGTASKS_ENVIRONMENT: 'test', BGTASKS_URL: 'amqp://127.0.0.1:1/' };
    expect(run(app, 'outbox.ts', environment)).to.equal(guide.outputs('outbox.ts').join(''));
  });

  it('has the SQL of the entities', async function () {
    const cluster = await startPostgres();
    if (!cluster) return this.skip();
    autoClose({ close: () => cluster.stop() });
    const dataSource = new DataSource({ ...cluster.options, entities: [OutboxMessage, InboxMessage] });
    await dataSource.initialize();
    const blocks = guide.blocks.filter(({ language }) => language === 'sql').map(({ text }) => text);
    for (const text of blocks.toReversed()) await dataSource.query(text);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();
    expect(upQueries.map(({ query }) => query)).to.deep.equal([]);
    expect(blocks).to.have.length(2);
  });
});
