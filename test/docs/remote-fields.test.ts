import { expect } from 'chai';
import { compiled, run } from './compiled.js';
import { Document } from './document.js';

const guide = new Document('docs/remote-fields.md');
const examples = Object.keys(guide.files).filter((file) => guide.outputs(file).length > 0);
/** Nothing here needs a broker. */
const ENVIRONMENT = { BGTASKS_ENVIRONMENT: 'test', BGTASKS_URL: 'amqp://127.0.0.1:1/' };

describe('the guide to remote fields', function () {
  this.timeout(60_000);

  it('shows below each example what it prints', () => {
    const app = compiled(guide.files);
    const printed = examples.map((file) => [file, run(app, file, ENVIRONMENT)]);
    const shown = examples.map((file) => [file, guide.outputs(file).join('')]);
    expect(Object.fromEntries(printed)).to.deep.equal(Object.fromEntries(shown));
  });

  it('has an output wherever a block prints', () => {
    const printing = guide.blocks.filter(({ language, text }) => language === 'ts' && text.includes('console.'));
    expect(printing.map(({ file }) => file)).to.deep.equal(examples);
  });
});
