import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { connect } from 'amqplib';
import { provide, Service, silentLogger } from 'bgtasks';
import { expect } from 'chai';
import { createApp } from '../../examples/shop/catalogue/app.js';
import { catalogue } from '../../examples/shop/catalogue/service.js';
import { database } from '../../examples/shop/images/database.js';
import { Category, Image } from '../../examples/shop/images/entities.js';
import { rabbitUrl } from '../support/rabbitmq.js';

/** A hub of its own, and a service of its own for the images: what other tests register is not met here. */
const url = 'memory://shop-test';
const logger = silentLogger;

interface Row {
  readonly id: number;
  readonly name: string;
  readonly image: { readonly id: number; readonly path: string };
  readonly category: { readonly id: number; readonly name: string };
}

describe('examples/shop', () => {
  const images = new Service({ serviceName: 'images', url, logger, dataSource: database });
  const lines: string[] = [];
  let server: Server;
  let origin: string;

  before(async () => {
    catalogue.configure({ url, logger });
    await catalogue.start();
    server = createServer(createApp((line) => lines.push(line)));
    origin = await listening(server);
  });

  after(async () => {
    server.close();
    server.closeAllConnections();
    await catalogue.close();
    await images.close();
  });

  describe('while the image service is away', () => {
    it('answers 502 and says that a service behind it failed', async () => {
      const response = await fetch(`${origin}/products`);
      expect(response.status).to.equal(502);
      expect(await response.json()).to.deep.equal({ detail: 'A service behind this one failed.', code: 'NO_ROUTE' });
    });

    it('serves its page all the same', async () => {
      const response = await fetch(origin);
      expect(response.headers.get('content-type')).to.match(/^text\/html/);
      expect(await response.text()).to.include('<title>The shop');
    });
  });

  describe('with the image service', () => {
    before(async () => {
      images.rpcTask('images.get')(provide(database.getRepository(Image)));
      images.rpcTask('categories.get')(provide(database.getRepository(Category)));
      await images.start();
    });

    it('shows images and categories as objects, in two calls for 312 rows', async () => {
      const response = await fetch(`${origin}/products`);
      const rows = (await response.json()) as Row[];
      expect(response.headers.get('x-rpc-calls')).to.equal('2');
      expect(rows).to.have.length(312);
      expect(rows[0]).to.deep.equal({
        id: 1,
        name: 'Alder stoneware mug, clay',
        price: 900,
        stock: 11,
        image: { id: 1, path: '/images/1.svg', alt: 'A mug in clay' },
        category: { id: 2, name: 'Table' },
      });
      expect(rows.every(({ image, category }) => image.id > 0 && category.id > 0)).to.equal(true);
    });

    it('says in a header how the list was made, which its page shows', async () => {
      const response = await fetch(`${origin}/products`);
      await response.text();
      expect(response.headers.get('server-timing')).to.match(
        /^images\.get;dur=[\d.]+;desc="wave 1, 208 keys, 1 call", categories\.get;dur=[\d.]+;desc="wave 1, \d keys, 1 call", all;dur=[\d.]+$/,
      );
      const script = await (await fetch(`${origin}/page.js`)).text();
      expect(script).to.contain("showRoutes(response.headers.get('Server-Timing')");
      expect(await (await fetch(origin)).text()).to.contain('<summary>How this page was made</summary>');
    });

    it('has a name of its own for every product', async () => {
      const rows = (await (await fetch(`${origin}/products`)).json()) as Row[];
      expect(new Set(rows.map(({ name }) => name)).size).to.equal(rows.length);
    });

    it('logs rows, calls and time of a request', async () => {
      await (await fetch(`${origin}/products`)).text();
      expect(lines.at(-1)).to.match(/^GET \/products 200, 312 rows, 2 calls, \d+ ms$/);
    });

    it('shows one product', async () => {
      const response = await fetch(`${origin}/products/7`);
      expect(response.headers.get('x-rpc-calls')).to.equal('2');
      expect(await response.json()).to.deep.include({ id: 7, category: { id: 1, name: 'Kitchen' } });
    });

    for (const id of ['4000', '0', 'x', '9'.repeat(400)]) {
      it(`answers 404 for product ${id.slice(0, 20)}`, async () => {
        const response = await fetch(`${origin}/products/${id}`);
        expect(response.status).to.equal(404);
        expect(await response.json()).to.deep.equal({ detail: 'Not found.' });
      });
    }

    it('creates a product, and answers it with its image and category', async () => {
      const response = await post({ name: 'Wren oak spoon', price: 450, stock: 3, image: 9, category: 2 });
      expect(response.status).to.equal(201);
      const { id, ...row } = (await response.json()) as Row;
      expect(row).to.deep.include({ name: 'Wren oak spoon', category: { id: 2, name: 'Table' } });
      await (await fetch(`${origin}/products/${id}`)).text();
      expect(lines.at(-1)).to.match(/200, 1 row, 2 calls/);
    });

    it('answers 400 with the messages of every wrong field', async () => {
      const response = await post({ name: '', price: -1, stock: 'many', image: 9 });
      expect(response.status).to.equal(400);
      expect(await response.json()).to.deep.equal({
        name: ['This field may not be blank.'],
        price: ['Ensure this value is greater than or equal to 0.'],
        stock: ['A valid integer is required.'],
        category: ['This field is required.'],
      });
    });

    it('answers 400 to a body that is no JSON', async () => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${origin}/products`, { method: 'POST', headers, body: '{' });
      expect(response.status).to.equal(400);
      expect(await response.json()).to.have.keys('detail');
    });

    it('draws the picture of every image', async () => {
      const last = await fetch(`${origin}/images/208.svg`);
      expect(last.headers.get('content-type')).to.match(/^image\/svg\+xml/);
      expect((await fetch(`${origin}/images/209.svg`)).status).to.equal(404);
    });
  });

  function post(body: object): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return fetch(`${origin}/products`, { method: 'POST', headers, body: JSON.stringify(body) });
  }
});

describe('npm start', () => {
  it('runs both services in one process, and ends with 0 on SIGTERM', async () => {
    const shop = startShop({ PORT: '0' });
    await said(shop, 'Ctrl-C')
      .then(expectRows)
      .finally(() => shop.kill('SIGTERM'));
    expect(await exitCode(shop)).to.equal(0);
  });

  it('runs the API alone where BGTASKS_URL names a RabbitMQ, beside `bgtasks tasks`', async () => {
    const env = { PORT: '0', BGTASKS_URL: rabbitUrl() };
    const images = start(['dist/commands/bin.js', 'tasks', 'examples/shop/images/tasks.ts'], env);
    const shop = startShop(env);
    try {
      await said(images, 'Serving 2 tasks');
      await expectRows(await said(shop, 'Ctrl-C'));
    } finally {
      shop.kill('SIGINT');
      images.kill('SIGINT');
    }
    expect(await Promise.all([exitCode(shop), exitCode(images)])).to.deep.equal([0, 0]);
    await deleteQueues('images.get', 'categories.get');
  });

  it('says in one line that its port is taken, and ends with 1', async () => {
    const other = createServer();
    const { port } = new URL(await listening(other));
    const shop = startShop({ PORT: port });
    const [problem, code] = await Promise.all([text(shop.stderr), exitCode(shop)]);
    other.close();
    expect(problem).to.match(new RegExp(`^The shop cannot start: port ${port} is taken.*\n$`));
    expect(code).to.equal(1);
  });

  it('says in one line that BGTASKS_URL is no broker, and ends with 1', async () => {
    const shop = startShop({ BGTASKS_URL: 'http://localhost' });
    const [problem, code] = await Promise.all([text(shop.stderr), exitCode(shop)]);
    expect(problem).to.match(/^The shop cannot start: Setting "url" must be .*\n$/);
    expect(code).to.equal(1);
  });

  async function expectRows(output: string): Promise<void> {
    const port = /localhost:(\d+)/.exec(output)?.[1];
    const response = await fetch(`http://127.0.0.1:${port}/products`);
    expect(response.headers.get('x-rpc-calls')).to.equal('2');
    expect(await response.json()).to.have.length(312);
  }
});

/** The origin that it answers at. */
async function listening(server: Server): Promise<string> {
  await once(server.listen(0), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ROOT = fileURLToPath(new URL('.', import.meta.resolve('bgtasks/package.json')));

/** The program that `npm start` runs once all is built. */
function startShop(env: Record<string, string>): ChildProcessWithoutNullStreams {
  return start(['dist/examples/shop/main.js'], env);
}

/** With no settings but those given. */
function start(args: readonly string[], env: Record<string, string>): ChildProcessWithoutNullStreams {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('BGTASKS_'));
  return spawn(process.execPath, args, { cwd: ROOT, env: { ...Object.fromEntries(others), ...env } });
}

/** All output, once `words` are in it. */
async function said({ stdout, stderr }: ChildProcessWithoutNullStreams, words: string): Promise<string> {
  let output = '';
  for (const stream of [stdout, stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(stdout, 'end').then(() =>
    Promise.reject(new Error(`It ended before it said ${words}: ${output}`)),
  );
  while (!output.includes(words)) await Promise.race([once(stdout, 'data'), ended]);
  ended.catch(() => {});
  return output;
}

async function exitCode(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** Queues of tasks outlive their service. */
async function deleteQueues(...names: readonly string[]): Promise<void> {
  const connection = await connect(rabbitUrl());
  const channel = await connection.createChannel();
  for (const name of names) await channel.deleteQueue(name);
  await connection.close();
}
