import { Parser } from '@asyncapi/parser';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { Application } from './application.js';

const files = {
  'package.json': '{"type":"module","name":"orders-app","version":"2.1.0"}',
  'bgtasks.config.ts': `
    import { configure } from 'bgtasks';
    configure({ serviceName: 'orders', url: 'amqp://user:secret@broker.example:5673/shop' });`,
  'tasks.ts': `
    import { every, jobTask, onEvent, rpcTask, webSocketTask } from 'bgtasks';
    import { CharField, IntegerField, nested, Serializer } from 'bgtasks/serializers';
    class Line extends Serializer({ product: new IntegerField(), note: new CharField({ required: false, allowNull: true }) }) {}
    class Order extends Serializer({ name: new CharField(), lines: nested(Line, { many: true }) }) {}
    rpcTask('orders.add', { body: Order, description: 'adds an order' })(() => 1);
    rpcTask('orders/add')(() => 1);
    rpcTask('orders add')(() => 1);
    rpcTask('gzipped', { protocol: 'gzip-json' })(() => 1);
    rpcTask('sums.add', { protocol: 'celery', params: ['a', 'b'] })((a: number, b: number) => a + b);
    jobTask('orders.mail', { body: Order.many() })(() => 1);
    onEvent('users', 'user.created')(() => 1);
    onEvent('users', 'user.*', { name: 'all', broadcast: true })(() => 1);
    every('orders.clean', '10 s')(() => 1);
    every('orders.tick', '10 s', { perProcess: true })(() => 1);
    webSocketTask('orders.echo', (text: string) => text);`,
};

interface Described {
  readonly [member: string]: Described;
}

describe('bgtasks asyncapi', function () {
  this.timeout(60_000);
  let text: string;
  let document: Described;

  before(async () => {
    const app = new Application(files);
    const { code, out, error } = await app.run(['asyncapi']).finally(() => app.close());
    expect([code, error]).to.deep.equal([0, '']);
    text = out;
    document = JSON.parse(out);
  });

  it('prints a document that the official parser accepts', async () => {
    const { diagnostics, document: parsed } = await new Parser().parse(text);
    expect(diagnostics.filter(({ severity }) => severity === 0)).to.deep.equal([]);
    expect(parsed?.version()).to.equal('3.0.0');
    const operations = parsed?.operations().all() ?? [];
    expect(operations).to.have.length(9);
    expect(operations.every((operation) => operation.isReceive())).to.equal(true);
  });

  it('has the application, and the broker without its password', () => {
    expect(document.info).to.deep.equal({ title: 'orders', version: '2.1.0' });
    expect(document.servers).to.deep.equal({
      broker: { host: 'broker.example:5673', protocol: 'amqp', pathname: '/shop' },
    });
    expect(text).to.not.contain('secret');
  });

  it('has the body of a task as its serializer describes it, and where the answer goes', () => {
    const line = {
      type: 'object',
      properties: {
        product: { type: 'integer' },
        note: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] },
      },
      required: ['product'],
    };
    expect(document.channels?.['orders.add']?.messages?.request?.payload).to.deep.equal({
      type: 'object',
      properties: { name: { type: 'string', minLength: 1 }, lines: { type: 'array', items: line } },
      required: ['name', 'lines'],
    });
    expect(document.operations?.['orders.add']?.reply?.address).to.deep.equal({
      location: '$message.header#/reply_to',
    });
    expect(document.channels?.['orders.mail']?.messages?.job?.payload).to.include({ type: 'array' });
  });

  it('tells routes apart that differ in what keys cannot have', () => {
    expect(document.channels?.orders_add?.address).to.equal('orders/add');
    expect(document.channels?.['orders_add-2']?.address).to.equal('orders add');
  });

  it('has queues and exchanges as they are declared', () => {
    expect(document.channels?.['orders.mail']?.bindings?.amqp?.queue).to.deep.include({
      name: 'orders.mail',
      durable: true,
    });
    expect(document.channels?.['users.user.created']?.bindings?.amqp?.exchange).to.deep.include({
      name: 'users.events',
      type: 'topic',
    });
  });

  it('has no server on the memory broker', async () => {
    const app = autoClose(new Application({ ...files, 'bgtasks.config.ts': '' }));
    const { out } = await app.run(['asyncapi', 'tasks.ts'], {
      BGTASKS_URL: 'memory://',
      BGTASKS_SERVICE_NAME: 'orders',
    });
    const parsed = await new Parser().parse(out);
    expect(parsed.diagnostics.filter(({ severity }) => severity === 0)).to.deep.equal([]);
    expect(JSON.parse(out).servers).to.deep.equal({});
  });
});
