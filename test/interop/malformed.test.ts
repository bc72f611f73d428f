import { gzipSync } from 'node:zlib';
import { connect } from 'amqplib';
import { Service } from 'bgtasks';
import { expect } from 'chai';
import type { ProtocolName } from '../../lib/index.js';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

const JSON_TYPE = { contentType: 'application/json', contentEncoding: 'utf-8' };
const REPLY = { correlationId: 'c', replyTo: 'nobody' };
/** Bytes that no protocol can read, each with and without somebody to answer. */
const NO_JSON = ['', ' ', '{"a":', 'not json', '[NaN]', '\u0000', '"\ud800', '{"__proto__": 1}', '[[[[', '\ufeff'];
const BYTES = [
  ...NO_JSON.map((text) => Buffer.from(text)),
  Buffer.from([0xff, 0xfe, 0x00]),
  gzipSync('not json'),
  Buffer.from('1f8b0800', 'hex'),
  gzipSync(Buffer.alloc(5_000_000, 0x20)),
];

/** What a header may be, where another was meant. */
const celery = (task: string) => [
  ...['[]', '[[], {}]', '[1, 2, 3]', '[[], [], {}]', '{}', 'null', '5'].map((body) => [
    body,
    { ...JSON_TYPE, headers: { task, id: 'x' } },
  ]),
  ['[[], {}, {}]', { headers: { task, id: 'x' } }],
  ['[[], {}, {}]', { ...JSON_TYPE, headers: { task } }],
  ['[[], {}, null]', { ...JSON_TYPE, headers: { task, id: {}, retries: 'x', eta: 5, expires: [], timelimit: null } }],
  ['[[], {}, {}]', { ...JSON_TYPE, headers: { task: ['x'], id: 'x' } }],
  ['[[], {}, {}]', { ...JSON_TYPE, ...REPLY, headers: { task: 'nobody', id: 'x' } }],
  ['[["PYMACARON_ALSO_WHIPS_THE_LLAMA_S"], {}, {}]', { ...JSON_TYPE, headers: { task, id: 'x' } }],
  [`{"task": "${task}", "id": 5, "args": 5, "kwargs": []}`, JSON_TYPE],
  [`{"task": {}, "id": "x"}`, JSON_TYPE],
];
const microFramework = [
  ...['{}', 'null', '[]', '"{}"', '"x"', '{"command": 5}', '{"command": "x", "command_args": {}}'].map((body) => [
    body,
    { ...JSON_TYPE, ...REPLY },
  ]),
  ['{"command": "x", "command_args": null, "command_kwargs": 5}', JSON_TYPE],
  ['{"command": "x"}', JSON_TYPE],
];
const amqpWorker = ['null', '{}', '{"foo": 1}', '{"data": 1, "extra": 2}', '"bare"', '[1]'].flatMap((body) => [
  [body, REPLY],
  [gzipSync(body), { type: 'junk', contentType: 'text/plain' }],
]);

type Message = readonly [string | Buffer, object];
interface Case {
  readonly protocol: ProtocolName;
  readonly kind: 'rpc' | 'job';
  readonly own: (route: string) => readonly unknown[];
  readonly queueOf: (route: string, queue: string) => string;
}

const CASES: readonly Case[] = [
  { protocol: 'json', kind: 'rpc', own: () => [], queueOf: (route) => route },
  { protocol: 'bgtasks-python', kind: 'rpc', own: () => [], queueOf: (route) => route },
  { protocol: 'bgtasks-python', kind: 'job', own: () => [], queueOf: (route) => route },
  { protocol: 'gzip-json', kind: 'rpc', own: () => amqpWorker, queueOf: (route) => route },
  { protocol: 'gzip-json', kind: 'job', own: () => amqpWorker, queueOf: (route) => route },
  { protocol: 'celery', kind: 'rpc', own: celery, queueOf: (_route, queue) => queue },
  { protocol: 'celery', kind: 'job', own: celery, queueOf: (_route, queue) => queue },
  { protocol: 'klue', kind: 'job', own: celery, queueOf: (_route, queue) => queue },
  {
    protocol: 'micro-framework',
    kind: 'rpc',
    own: () => microFramework,
    queueOf: (route) => `rpc-${route.replace('.', '-')}`,
  },
];

describe('a worker that is sent what no peer should send', function () {
  this.timeout(60_000);

  for (const { protocol, kind, own, queueOf } of CASES) {
    it(`answers or drops it, and goes on: ${kind} of ${protocol}`, async () => {
      const route = unique('ours');
      const isShared = protocol === 'celery' || protocol === 'klue';
      const queue = isShared ? { queue: unique('shared') } : {};
      const worker = autoClose(new Service({ url: rabbitUrl(), logger: silentLogger, maxBodyBytes: 1_000_000 }));
      const done: unknown[] = [];
      const options = { protocol: protocol as 'json', ...queue };
      if (kind === 'rpc') worker.rpcTask(route, options)((...args: readonly unknown[]) => args.length);
      else worker.jobTask(route, { ...options, attempts: 1 })((body: unknown) => void done.push(body));
      await worker.start();

      const from = queueOf(route, queue.queue ?? '');
      const model = autoClose(await connect(rabbitUrl()));
      const channel = await model.createConfirmChannel();
      const shared = isShared ? { headers: { task: route, id: 'x' } } : {};
      const messages: Message[] = [
        ...BYTES.flatMap((body): Message[] => [
          [body, shared],
          [body, { ...shared, ...JSON_TYPE, ...REPLY }],
          [body, {}],
        ]),
        ...(own(route) as Message[]),
      ];
      for (const [body, properties] of messages) channel.publish('', from, Buffer.from(body), properties);
      await channel.waitForConfirms();

      if (kind === 'rpc') {
        const body =
          protocol === 'json' || protocol === 'bgtasks-python' || protocol === 'gzip-json' ? 'x' : { args: [1] };
        // The context counts as well, where handlers have one.
        expect(await worker.call(route, body, { protocol, timeoutMs: 20_000, ...queue })).to.be.a('number');
      } else {
        await worker.enqueue(route, isShared ? { args: ['fine'] } : 'fine');
        await until(() => done.includes('fine'));
      }
      await until(async () => (await channel.checkQueue(from)).messageCount === 0);
      await worker.close(); // what it had not settled would be back now
      expect((await channel.checkQueue(from)).messageCount).to.equal(0);
    });
  }
});
