import { Service } from 'bgtasks';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { compiled, run } from './compiled.js';
import { Document } from './document.js';

const guide = new Document('docs/operations.md');
const examples = Object.keys(guide.files).filter((file) => guide.outputs(file).length > 0);

interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

describe('the page on operating', function () {
  this.timeout(60_000);

  it('shows below each example what it prints', () => {
    const app = compiled(guide.files);
    const printed = examples.map((file) => [file, run(app, file)]);
    const shown = examples.map((file) => [file, guide.outputs(file).join('')]);
    expect(examples).to.have.length(2);
    expect(Object.fromEntries(printed)).to.deep.equal(Object.fromEntries(shown));
  });

  it('lists every metric, with its type, its labels and what it is', async () => {
    const registry = new Registry();
    const service = autoClose(new Service({ url: `memory://${unique('docs')}`, metrics: { registry } }));
    await service.start();
    const metrics = registry.getMetricsAsArray() as unknown as readonly Described[];
    const types = await registry.getMetricsAsJSON();
    const rows = metrics.map(({ name, help, labelNames }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(', ');
      const type = types.find((metric) => metric.name === name)?.type;
      return `| \`${name}\` | ${type} | ${labels}${labels && ' '}| ${help} |`;
    });
    const [, table = ''] = /<!-- metrics: begin -->\n(.*)\n<!-- metrics: end -->/s.exec(guide.text) ?? [];
    expect(table.split('\n').slice(2).sort()).to.deep.equal(rows.sort());
  });
});
