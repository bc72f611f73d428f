import { Service } from 'bgtasks';
import { Runner } from 'bgtasks/compat';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { freePort } from '../support/rabbitmq/installed.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { compiled } from './compiled.js';
import { Document } from './document.js';

const page = new Document('docs/bridges/micro-framework.md');

describe('the page on micro_framework', function () {
  this.timeout(60_000);

  it('has a Runner that serves its routes', async () => {
    const main = page.files['main.ts'] ?? '';
    // That of the text may be taken.
    const port = `MAX_WORKERS: 1, WEBSOCKET_PORT: ${await freePort()}`;
    const app = compiled({ ...page.files, 'main.ts': main.replace('MAX_WORKERS: 3', port) });
    app.link('ws');
    const running = app.startNode('dist/main.js', { AMQP_URI: rabbitUrl() });
    const api = autoClose(new Service({ url: rabbitUrl(), serviceName: 'accounts' }));
    const protocol = 'micro-framework';
    // It has no line that says that it serves.
    const add = () =>
      api.call('mails.add', { args: [1, 2], kwargs: { scale: 10 } }, { protocol, retry: 20, idempotent: true });
    expect(await add()).to.equal(30);
    await api.emit('created', { id: 7, email: 'tom@example.org' }, { protocol });
    await running.says('user 7\n');
    running.kill('SIGTERM');
    expect((await running.finished).code).to.equal(0);
  });

  it('has the settings of a Runner in its table', () => {
    const [table = ''] = page.text.split('| setting | of a service |')[1]?.split('\n\n') ?? [];
    const names = [...table.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, name]) => name);
    expect(() => new Runner({ routes: [], settings: { NO_SUCH: 1 } as object })).to.throw(`are: ${names.join(', ')};`);
  });
});
