import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Document } from './document.js';

const TESTS = fileURLToPath(new URL('../../../test/', import.meta.url));
const { text } = new Document('docs/guarantees.md');

/** Sources of all tests; a name with a `${...}` in it stands for any. */
function namesOfTests(): readonly RegExp[] {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const sources = files.map((name) => readFileSync(join(TESTS, name), 'utf8'));
  const names = sources.flatMap((source) => [...source.matchAll(/\bit\(\s*(['"`])(.+?)\1\s*,/g)]);
  return names.map(
    ([, , name = '']) =>
      new RegExp(
        `^${name
          .split(/\$\{.*?\}/)
          .map(escaped)
          .join('.+')}$`,
      ),
  );
}

function escaped(part: string): string {
  return part.replace(/\\'/g, "'").replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

describe('the guarantees', () => {
  const items = text.split(/\n(?=- )|\n\n/).filter((part) => part.startsWith('- '));
  const named = items.flatMap((item) => [...item.matchAll(/^ {2}\[(.+)\]$/gm)].map(([, name = '']) => name));

  it('are sentences that each name a test', () => {
    expect(items).to.have.length.above(20);
    for (const item of items) expect(item).to.match(/^ {2}\[.+\]$/m);
  });

  it('name tests that exist', () => {
    const names = namesOfTests().filter(({ source }) => source.replaceAll('.+', '').length > 15); // else it fits anything
    expect(names).to.have.length.above(300);
    for (const name of named)
      expect(
        names.some((test) => test.test(name)),
        name,
      ).to.equal(true);
  });
});
