import { connect } from 'amqplib';
import { Service, silentLogger } from 'bgtasks';
import { CharField, IntegerField, Serializer } from 'bgtasks/serializers';
import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { until } from '../support/until.js';
import { Application } from './application.js';

class Order extends Serializer({ id: new IntegerField(), name: new CharField({ maxLength: 5 }) }) {}

const run = (...args: string[]) =>
  autoClose(new Application({ 'package.json': '{"type":"module"}' })).run(args, { BGTASKS_URL: rabbitUrl() });

describe('services that are asked who is there', function () {
  this.timeout(30_000);
  let name: string;
  const service = (serviceName = name) =>
    autoClose(new Service({ url: rabbitUrl(), serviceName, logger: silentLogger }));

  beforeEach(() => {
    name = unique('shop').replace('.', '-');
  });

  it('answer a ping, each process for itself', async () => {
    const others = service(unique('other').replace('.', '-'));
    others.rpcTask(unique('x'))(() => 1);
    await others.start();
    for (const route of [unique('a'), unique('b')]) {
      const one = service();
      one.rpcTask(route)(() => 1);
      await one.start();
    }
    const { code, out } = await run('ping', name, '--json');
    const instances = JSON.parse(out) as Record<string, unknown>[];
    expect([code, instances.length]).to.deep.equal([0, 2]);
    expect(instances[0]).to.include({ service: name, pid: process.pid, node: process.version });
    expect((await run('ping')).out)
      .to.contain('SERVICE')
      .and.to.contain(name)
      .and.to.contain('other-');
  });

  it('are missed with one line and exit code 3', async () => {
    const { code, error } = await run('ping', name, '--wait', '100');
    expect([code, error]).to.deep.equal([
      3,
      `bgtasks: No process of the service "${name}" has answered within 100 ms.\n`,
    ]);
    const away = await run('ping', '--url', 'amqp://127.0.0.1:1/');
    expect([away.code, away.error.includes('Cannot reach RabbitMQ')]).to.deep.equal([3, true]);
    expect((await run('ping', '--wait', 'soon')).code).to.equal(2);
  });

  it('list their tasks, with descriptions and the schemas of bodies', async () => {
    const route = unique('orders.add');
    for (let process = 0; process < 2; process += 1) {
      const one = service();
      one.rpcTask(route, { body: Order, description: 'adds an order' })(() => 1);
      one.jobTask(`${route}.mail`)(() => 1);
      one.onEvent('users', `${route}.created`)(() => 1);
      await one.start();
    }
    const { code, out } = await run('routes', '--remote', '--json');
    const tasks = (JSON.parse(out) as Record<string, unknown>[]).filter((task) => task.service === name);
    expect(code).to.equal(0);
    expect(tasks.map(({ kind, processes }) => [kind, processes])).to.deep.equal([
      ['rpc', 2],
      ['job', 2],
      ['event', 2],
    ]);
    expect(tasks[0]).to.deep.include({
      route,
      description: 'adds an order',
      queue: route,
      body: {
        type: 'object',
        properties: { id: { type: 'integer' }, name: { type: 'string', minLength: 1, maxLength: 5 } },
        required: ['id', 'name'],
      },
    });
    expect((await run('routes', '--remote')).out).to.match(
      new RegExp(`${route.replaceAll('.', '\\.')} +rpc +${name} +2 +json +adds an order`),
    );
  });

  it('say how they are: queues, consumers, what waits, rates, failures, dead letters', async () => {
    const [busy, failing] = [unique('busy'), unique('failing')];
    const one = service();
    one.rpcTask(busy)(() => 1);
    one.jobTask(failing, { attempts: 1 })(() => {
      throw new Error('no');
    });
    await one.start();
    await one.enqueue(failing, {});
    const timer = setInterval(() => void one.call(busy).catch(() => {}), 20);
    autoClose({ close: async () => clearInterval(timer) });
    const { code, out } = await run('status', '--service', name, '--wait', '300', '--json');
    const { processes, tasks } = JSON.parse(out) as Record<string, Record<string, unknown>[]>;
    expect(code).to.equal(0);
    expect(processes?.[0]).to.include({ service: name, pid: process.pid });
    expect(processes?.[0]?.health).to.include({ connected: true, consuming: true });
    expect(tasks?.[0]).to.include({ route: busy, kind: 'rpc', workers: 1, consumers: 1, failed: 0 });
    expect(tasks?.[0]?.perSecond).to.be.above(0);
    expect(tasks?.[1]).to.include({ route: failing, kind: 'job', waiting: 0, failed: 1, ended: 1, dead: 1 });
    const shown = await run('status', '--service', name, '--wait', '300');
    expect(shown.out)
      .to.match(/SERVICE +HOST +PID +UP +STATE +RUNNING +MEMORY/)
      .and.to.contain('consuming');
    expect(shown.out).to.match(/ROUTE +KIND +SERVICE +WAITING +CONSUMERS +WORKERS +RUNNING +PER SECOND +FAILED +DEAD/);
  });

  it('are not needed for the queues of modules that are named', async () => {
    const route = unique('waiting');
    const one = service();
    one.jobTask(route)(() => 1);
    await one.start();
    await one.close();
    const sender = service();
    sender.jobTask(route)(() => 1);
    await sender.enqueue(route, {});
    const app = autoClose(
      new Application({
        'package.json': '{"type":"module"}',
        'tasks.js': `import { jobTask } from 'bgtasks'; jobTask('${route}')(() => 1);`,
      }),
    );
    const args = ['status', 'tasks.js', '--service', name, '--wait', '100', '--json'];
    const { code, out } = await app.run(args, { BGTASKS_URL: rabbitUrl() });
    expect(code).to.equal(3);
    expect(JSON.parse(out).tasks[0]).to.include({ route, workers: 0, waiting: 1, consumers: 0 });
  });

  it('survive questions that are none, and answers that steer a terminal', async () => {
    const one = service();
    one.rpcTask(unique('x'))(() => 1);
    await one.start();
    const model = await connect(rabbitUrl());
    autoClose(model);
    const channel = await model.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'bgtasks.v1.control', name);
    await channel.consume(queue, (question) => {
      const { replyTo, correlationId } = question?.properties ?? {};
      if (!replyTo) return;
      const send = (body: unknown) =>
        channel.sendToQueue(replyTo, Buffer.from(JSON.stringify(body)), { correlationId, type: 'presence' });
      for (const body of [null, [], {}, { instance: 1 }, { instance: { id: 1 } }]) send(body);
      send({ instance: { id: 'x', service: '\u001b[31mred\nline', host: 7, pid: 'no', startedAt: null } });
    });
    const publish = (body: string, options: object) =>
      channel.publish('bgtasks.v1.control', name, Buffer.from(body), options);
    publish('{', {});
    publish('ping', { type: 'presence' });
    publish('__proto__', { type: 'presence', replyTo: 'nowhere' });
    publish('x'.repeat(1000), { type: 'presence', replyTo: 'nowhere' });
    const { code, out } = await run('ping', name);
    expect(code).to.equal(0);
    expect(out).to.contain(String(process.pid)).and.to.contain(' [31mred line').and.to.not.contain('\u001b');
    expect(out.trim().split('\n')).to.have.length(3);
    await until(() => one.health().consuming);
  });
});
