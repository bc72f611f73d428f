import { Service } from 'bgtasks';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { compiled } from './compiled.js';
import { Document } from './document.js';

const guide = new Document('docs/pools.md');

describe('the page on pools', function () {
  this.timeout(60_000);

  it('has tasks that run in their pools', async () => {
    const app = compiled(guide.files);
    const worker = app.start(['tasks', 'dist/tasks.js', '--workers', '2'], { BGTASKS_URL: rabbitUrl() });
    await worker.says('Serving');
    const api = autoClose(new Service({ url: rabbitUrl() }));
    expect(await api.call('primes.below', 10)).to.deep.equal([2, 3, 5, 7]);
    expect(await api.call('ping')).to.equal('pong');
    const job = await api.enqueue('texts.digest', 'four', { result: true });
    expect(await job.result({ timeoutMs: 20_000 })).to.equal(4);
    worker.kill('SIGTERM');
    expect((await worker.finished).code).to.equal(0);
  });
});
