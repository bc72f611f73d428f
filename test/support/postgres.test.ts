import { expect } from 'chai';
import { DataSource } from 'typeorm';
import { findServer } from './postgres/server.js';
import { startPostgres } from './postgres.js';

describe('a private PostgreSQL', () => {
  it('answers on loopback, and is gone once it was stopped', async function () {
    this.timeout(120_000);
    const cluster = await startPostgres();
    if (!cluster) return;
    const open = () => new DataSource(cluster.options).initialize();
    const dataSource = await open();
    expect(await dataSource.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
    await dataSource.destroy();
    await cluster.stop();
    await cluster.stop();
    const error = await open().then(
      () => 'it still answers',
      (refused: { code?: string }) => refused.code,
    );
    expect(error).to.equal('ECONNREFUSED');
  });

  it('is found nowhere where there is none', () => {
    expect(findServer('/nowhere', ['/nowhere'])).to.equal(undefined);
  });
});
