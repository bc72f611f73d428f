import { expect } from 'chai';
import { compiled, run } from './compiled.js';
import { Document } from './document.js';

/** Pages whose examples print. Nothing here needs a broker. */
const PAGES = ['docs/remote-fields.md', 'docs/serializers.md', 'docs/tasks.md'];
const ENVIRONMENT = { BGTASKS_ENVIRONMENT: 'test', BGTASKS_URL: 'amqp://127.0.0.1:1/' };

for (const name of PAGES) {
  describe(name, function () {
    this.timeout(60_000);
    const page = new Document(name);
    const examples = Object.keys(page.files).filter((file) => page.outputs(file).length > 0);

    it('shows below each example what it prints', () => {
      const app = compiled(page.files);
      const printed = examples.map((file) => [file, run(app, file, ENVIRONMENT)]);
      const shown = examples.map((file) => [file, page.outputs(file).join('')]);
      expect(Object.fromEntries(printed)).to.deep.equal(Object.fromEntries(shown));
    });

    it('has an output wherever a block prints', () => {
      const printing = page.blocks.filter(({ language, text }) => language === 'ts' && text.includes('console.'));
      expect(printing.map(({ file }) => file)).to.deep.equal(examples);
    });
  });
}
