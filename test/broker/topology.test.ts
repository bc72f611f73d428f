/** All that is declared, as the broker has it, against the page that says so; and what is held to for RabbitMQ 4.3. */
import { once } from 'node:events';
import { Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { compiled } from '../docs/compiled.js';
import { Document } from '../docs/document.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { FrameTap, METHODS } from '../support/frames.js';
import { startOwnNode } from '../support/own-node.js';
import { type Declared, type DeclaredQueue, listDeclared } from '../support/rabbitmq/operator.js';
import { type RabbitNode, rabbitUrl } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

const page = new Document('docs/topology.md');

describe('the page on topology', function () {
  this.timeout(60_000);
  let node: RabbitNode;
  let declared: Declared;
  let globalPrefetches: string;

  /** A node of its own, as whatever else is there would have to be left out. */
  before(async function () {
    node = await startOwnNode(this);
    const app = compiled(page.files);
    const running = app.startNode('dist/topology.js', { BGTASKS_URL: node.url });
    await running.says('ready');
    declared = await listDeclared(node);
    globalPrefetches = await node.evaluate(
      `lists:usort([proplists:get_value(global_prefetch_count, C) || C <- rabbit_channel:info_all([global_prefetch_count])])`,
    );
  });
  after(() => node?.stop());

  it('names every exchange that is declared, as it is declared', () => {
    const written = rowsOf('exchange').flatMap(([names = '', type, durable, autoDelete, args = '']) =>
      codes(names).map((name) => ({
        name,
        type,
        durable: durable === 'yes',
        autoDelete: autoDelete === 'yes',
        arguments: argumentsIn(args, name),
      })),
    );
    expect(written.toSorted(byText)).to.deep.equal(declared.exchanges.toSorted(byText));
  });

  it('names every queue that is declared, as it is declared', () => {
    const written = rowsOf('queue').flatMap(([names = '', durable, exclusive, args = '']) =>
      codes(names).map((name) => ({
        name,
        durable: durable === 'yes',
        exclusive: exclusive === 'yes',
        autoDelete: false,
        arguments: argumentsIn(args, name),
      })),
    );
    const untyped = written.filter((queue) => !('x-queue-type' in queue.arguments)).map(({ name }) => name);
    const found = declared.queues.map((queue) => {
      const name = queue.name.replace(UUID, '<id>');
      const { 'x-queue-type': type, ...others } = queue.arguments;
      const isOfBroker = type === 'classic' && !node.version.startsWith('3.') && untyped.includes(name);
      return { ...queue, name, arguments: isOfBroker ? others : queue.arguments }; // RabbitMQ 4 writes it down by itself
    });
    expect(written.toSorted(byText)).to.deep.equal(found.toSorted(byText));
  });

  it('is of a service that RabbitMQ 4.3 takes, but for what two Python peers declare', () => {
    const named = (isMeant: (queue: DeclaredQueue) => boolean) =>
      declared.queues.filter(isMeant).map(({ name }) => name.replace(UUID, '<id>'));
    expect(named(({ durable, exclusive }) => !durable && !exclusive)).to.deep.equal(['gzip.get', 'python.get']);
    expect(named((queue) => 'x-queue-mode' in queue.arguments)).to.deep.equal([]);
    expect(globalPrefetches).to.equal('[0]');
    const isUnlimited = ({ arguments: args }: DeclaredQueue) =>
      args['x-queue-type'] === 'quorum' && args['x-delivery-limit'] === undefined;
    const levels = ['bgtasks.v1.delay.00', 'bgtasks.v1.delay.01', 'bgtasks.v1.delay.02']; // nobody consumes them
    expect(named(isUnlimited)).to.deep.equal(levels);
  });
});

describe('a worker', function () {
  this.timeout(30_000);

  it('gives back by reject and never by nack, and asks for no prefetch of a whole channel', async () => {
    const tap = autoClose(new FrameTap(Number(new URL(rabbitUrl()).port)));
    const url = new URL(rabbitUrl());
    url.port = String(await tap.listen());
    const service = autoClose(new Service({ url: url.href, drainMs: 0, logger: silentLogger }));
    const ran: unknown[] = [];
    const route = unique('given.back');
    const options = { concurrency: 10, attempts: 2, backoff: 0 };
    const job = service.jobTask(
      route,
      options,
    )(async (body, { signal }) => {
      ran.push(body);
      if (body === 'waits') await once(signal, 'abort');
      throw new Error('No.');
    });
    await service.start();
    await job.enqueue('fails');
    await until(() => ran.length === 2);
    for (let count = 0; count < 11; count += 1) await job.enqueue('waits');
    await until(() => ran.length === 12); // ten run, and one waits for room: its prefetch is 11
    await service.close();
    expect(tap.counts.get(METHODS.ack)).to.be.at.least(2);
    expect(tap.counts.get(METHODS.reject)).to.be.at.least(10);
    expect(tap.counts.get(METHODS.nack)).to.equal(undefined);
    expect(tap.globalPrefetches).to.include(false).and.not.include(true);
  });
});

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

/** Of the table whose head begins with `first`: each row as its cells. */
function rowsOf(first: string): string[][] {
  const [, table = ''] = page.text.split(new RegExp(`^\\| ${first} \\|.*\\n\\|[-|]+\\n`, 'm'));
  const lines = table.split('\n').slice(
    0,
    table.split('\n').findIndex((line) => !line.startsWith('|')),
  );
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function codes(cell: string): string[] {
  return [...cell.matchAll(/`(.+?)`/g)].map(([, code = '']) => code);
}

/** Of a cell of arguments; what stands in italics is a row of the table of arguments. */
function argumentsIn(cell: string, queue: string): Record<string, unknown> {
  const [, set] = /\*(\w+)\*/.exec(cell) ?? [];
  const shared =
    set === undefined
      ? []
      : rowsOf('arguments')
          .find(([name]) => name === `*${set}*`)
          ?.slice(1);
  const pairs = codes(`${cell} ${shared ?? ''}`).map((code) => {
    const [, name = '', value = ''] = /^([\w-]+): (.*)$/.exec(code) ?? [];
    return [name, JSON.parse(value.replace('<queue>', queue.replace(/\.high$/, '')))];
  });
  return Object.fromEntries(pairs);
}

function byText(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}
