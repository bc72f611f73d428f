import { cpSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Application } from '../commands/application.js';
import { autoClose } from '../support/auto-close.js';
import { rabbitUrl } from '../support/rabbitmq.js';

const EXAMPLE = fileURLToPath(new URL('../../../examples/serve', import.meta.url));

describe('examples/serve', function () {
  this.timeout(30_000);

  for (const url of ['memory://', 'RabbitMQ']) {
    it(`is an API with its worker on ${url}, by one command`, async () => {
      const app = autoClose(new Application({ 'package.json': '{"type":"module"}' }));
      app.link('express');
      cpSync(EXAMPLE, app.folder, { recursive: true });
      const environment = { BGTASKS_URL: url === 'RabbitMQ' ? rabbitUrl() : url };
      const running = app.start(['serve', 'server.ts', '--port', '0', '--host', '127.0.0.1'], environment);
      await running.says(url === 'RabbitMQ' ? 'Serving 2 tasks' : 'Listening');
      const port = /Listening on .*:(\d+)/.exec(running.out)?.[1];
      const response = await fetch(`http://127.0.0.1:${port}/greetings/Tom`);
      expect(await response.json()).to.deep.equal({ greeting: 'Hello, Tom!' });
      await running.says('greeted');
      running.kill('SIGTERM');
      expect((await running.finished).code).to.equal(0);
    });
  }

  it('has an image that runs this very command', () => {
    const lines = readFileSync(`${EXAMPLE}/Dockerfile`, 'utf8').split('\n');
    expect(lines.find((line) => line.startsWith('CMD'))).to.equal(
      'CMD ["npx", "bgtasks", "serve", "server.ts", "--port", "8080"]',
    );
  });
});
