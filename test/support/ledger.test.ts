import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { Ledger } from './ledger.js';
import { until } from './until.js';

describe('the ledger', () => {
  let ledger: Ledger;

  beforeEach(() => {
    ledger = new Ledger();
  });
  afterEach(() => ledger.close());

  it('tells what was lost, what came twice, and what nobody knows to have sent', () => {
    for (const id of [1, 2, 3]) ledger.published(id);
    for (const id of [2, 3, 3, 'x y']) ledger.effect(id);
    expect(ledger.lost()).to.deep.equal(['1']);
    expect(ledger.duplicates()).to.deep.equal(['3']);
    expect(ledger.unexpected()).to.deep.equal(['x y']);
    expect(ledger.counts()).to.deep.equal({ published: 3, effects: 3 });
  });

  it('keeps every entry of many processes, of which one is killed while it writes', async function () {
    this.timeout(30_000);
    for (let id = 0; id < 200; id += 1) for (const writer of 'abc') ledger.published(`${writer}${id}`);
    const writers = [...'abc'].map((writer) => writeAsProcess(ledger.path, writer));
    await until(() => ledger.counts().effects > 20);
    writers[0]?.kill('SIGKILL');
    await Promise.all(writers.map((writer) => writer.exitCode ?? writer.signalCode ?? once(writer, 'exit')));
    expect(ledger.duplicates()).to.deep.equal([]);
    expect(ledger.unexpected()).to.deep.equal([]);
    // Of the killed one an unbroken row is there, from its first entry on.
    const lost = ledger.lost();
    expect(lost).to.deep.equal(Array.from({ length: lost.length }, (_, index) => `a${200 - lost.length + index}`));
  });

  it('leaves nothing behind', async () => {
    const { path } = new Ledger(ledger.path);
    const own = new Ledger();
    await own.close();
    expect([existsSync(path), existsSync(own.path)]).to.deep.equal([true, false]);
  });
});

function writeAsProcess(path: string, writer: string) {
  const source = `
    import { Ledger } from ${JSON.stringify(new URL('./ledger.js', import.meta.url).href)};
    const ledger = new Ledger(${JSON.stringify(path)});
    for (let id = 0; id < 200; id += 1) ledger.effect(${JSON.stringify(writer)} + id);`;
  return spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: 'inherit' });
}
