import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The tests that show objects, in a process where code cannot be made from text: the loop must give the same objects. */
const FILES = ['serializer', 'remote', 'mixin', 'extend', 'lists', 'reading', 'types'].map((name) =>
  file(`./${name}.test.js`),
);
const CONFORMANCE = file('../conformance/serializers.test.js');

describe('serializers where code cannot be made from text', function () {
  this.timeout(60_000);

  it('show the same objects', () => {
    const mocha = file('../../../node_modules/mocha/bin/mocha.js');
    const flags = ['--disallow-code-generation-from-strings', mocha, '--no-config', '--reporter', 'json'];
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, ...FILES, CONFORMANCE], {
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    const start = stdout.indexOf('{\n  "stats"');
    expect(start, stderr + stdout.slice(0, 2000)).to.be.at.least(0);
    const { stats, failures } = JSON.parse(stdout.slice(start)) as {
      stats: { passes: number };
      failures: { fullTitle: string }[];
    };
    expect(failures.map(({ fullTitle }) => fullTitle)).to.deep.equal([]);
    expect(stats.passes).to.be.above(300);
  });
});
