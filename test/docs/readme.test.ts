import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from 'bgtasks';
import { expect } from 'chai';
import { openBroker } from '../../lib/broker/open.js';
import { silentLogger } from '../../lib/logger.js';
import { variableOf } from '../../lib/settings/values.js';
import type { Application } from '../commands/application.js';
import { autoClose } from '../support/auto-close.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { compiled, run } from './compiled.js';
import { Document } from './document.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const readme = new Document('README.md');
const documents = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The routes are those of the text, so an earlier run may have left their queues. */
async function forget(...routes: readonly string[]): Promise<void> {
  const broker = autoClose(await openBroker(rabbitUrl(), silentLogger));
  for (const route of routes) await broker.deleteQueue(route);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function serve(app: Application, ...paths: readonly string[]) {
  const worker = app.start(['tasks', ...paths], { BGTASKS_URL: rabbitUrl() });
  await worker.says('Serving');
  return worker;
}

describe('the documents', function () {
  this.timeout(60_000);

  for (const path of documents) {
    it(`${path}: every code block compiles`, () => {
      const { modules } = new Document(path);
      if (Object.keys(modules).length > 0) compiled(modules);
    });

    it(`${path}: every link leads somewhere`, () => {
      const links = new Document(path).text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g);
      for (const [, link = ''] of links) {
        expect(existsSync(join(ROOT, dirname(path), link)), link).to.equal(true);
      }
    });
  }
});

describe('the README', function () {
  this.timeout(60_000);

  it('opens with two commands that are the scripts of the package', () => {
    const [first] = readme.blocks;
    expect(first?.text).to.match(/^npm ci && npm start .*\nnpm ci && npm test .*\n$/);
  });

  it('calls a task, and says so where nobody serves it', async () => {
    const app = compiled(readme.files);
    const [answer, silence] = readme.outputs('client.ts');
    await forget('user.get');
    expect(run(app, 'client.ts')).to.equal(silence);
    const worker = await serve(app, 'tasks.ts');
    expect(worker.out).to.contain(readme.outputs('tasks.ts')[0]);
    expect(run(app, 'client.ts')).to.equal(answer);
  });

  it('merges the images into the users with one call', async () => {
    const app = compiled(readme.files);
    await serve(app, 'images/tasks.ts');
    const [output] = readme.outputs('users.ts');
    expect(run(app, 'users.ts')).to.equal(output);
  });

  it('runs a job, and hears of its progress and its result', () => {
    const app = compiled(readme.files);
    const [output] = readme.outputs('jobs.ts');
    expect(run(app, 'jobs.ts')).to.equal(output);
  });

  it('serves a WebSocket task, and calls it', async () => {
    const port = String(await freePort()); // that of the text may be taken
    const client = readme.files['sockets-client.ts']?.replace('8765', port) ?? '';
    const config = `import { configure } from 'bgtasks'; configure({ websocket: { port: ${port} } });`;
    const app = compiled({ ...readme.files, 'sockets-client.ts': client, 'bgtasks.config.ts': config });
    await serve(app, 'sockets.ts');
    expect(run(app, 'sockets-client.ts')).to.equal(readme.outputs('sockets-client.ts')[0]);
  });

  it('gives a handler what it depends on', () => {
    const app = compiled(readme.files);
    const [output] = readme.outputs('payments.ts');
    expect(run(app, 'payments.ts')).to.equal(output);
  });

  it('tests an application without a broker', () => {
    const app = compiled(readme.files);
    const environment = { BGTASKS_ENVIRONMENT: 'test', BGTASKS_URL: 'amqp://127.0.0.1:1/' };
    expect(run(app, 'api.test.ts', environment)).to.equal('');
    expect(run(app, 'tools.test.ts', environment)).to.equal('');
    expect(run(app, 'jobs.test.ts', environment)).to.equal('');
  });

  it('says what every error code means, and no other', () => {
    const rows = [...readme.text.matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)].map(([, code, text]) => [code, text]);
    expect(rows).to.deep.equal(Object.entries(ERROR_CODES));
  });

  it('names the settings with their variables', () => {
    const rows = [...readme.text.matchAll(/^\| `(\w+)` \| `(BGTASKS_\w+)`/gm)];
    expect(rows).to.have.length.above(6);
    for (const [, option = '', variable] of rows) expect(variable).to.equal(variableOf(option));
  });
});
