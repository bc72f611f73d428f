/** Each row of the table of answers in docs/remote-fields.md, with a provider that is no library of ours. */
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { Service, silentLogger } from 'bgtasks';
import { expect } from 'chai';
import { runIn } from '../../lib/scope.js';
import { RemoteField, Serializer } from '../../serializers/index.js';
import { Document } from '../docs/document.js';
import { rabbitUrl } from '../support/rabbitmq.js';

interface Image {
  id: number;
  path: string;
}

type Answer = (keys: readonly number[], reply: (body: unknown) => void) => void;

interface Case {
  readonly answer: Answer;
  /** What the field shows for the keys 7 and 8; with `code`, this is `onError: 'pk'`. */
  readonly shown: readonly [unknown, unknown];
  /** Of the error, where the call has failed. */
  readonly code?: string;
}

const image = (id: number | string, path = `/${id}`) => ({ id, path });
const both = (): unknown[] => [image(7), image(8)];
const says =
  (body: unknown): Answer =>
  (_keys, reply) =>
    reply(body);
const failed = (answer: Answer, code: string): Case => ({ answer, code, shown: [7, 8] });
const fine = (answer: Answer, shown: Case['shown'] = [image(7), image(8)]): Case => ({ answer, shown });
/** Of text, as a body: more than the service below reads. */
const TOO_MUCH = 12 * 1024 * 1024;

/** Under the words of the table. */
const CASES: Readonly<Record<string, Case>> = {
  'a list of objects, or `{ status: "success", data: [...] }`': fine(says({ status: 'success', data: both() })),
  'the objects in another order': fine(says(both().reverse())),
  'keys of the other type: `"7"` for `7`': fine(says([image('7'), image('8')]), [image('7'), image('8')]),
  'two objects with one key': fine(says([image(7), image(7, 'other'), image(8)])),
  'objects that nobody asked for': fine(says([image(99), ...both(), image(0)])),
  'fewer objects than keys, `[]` too': fine(says([image(8)]), [null, image(8)]),
  '`null` in the place of an object': fine(says([null, image(8)]), [null, image(8)]),
  'something that is no object, or has no merge key': failed(says([image(7), 'x']), 'BAD_REPLY'),
  '`{ status: "success" }` without a list': failed(says({ status: 'success' }), 'BAD_REPLY'),
  'anything else that is no list': failed(says({ images: both() }), 'BAD_REPLY'),
  'what is not JSON': failed(says(Buffer.from('[{')), 'BAD_REPLY'),
  '`{ status: "fail", data }` or `{ errors }`': failed(says({ status: 'fail', data: { ids: ['no'] } }), 'TASK_FAILURE'),
  '10 MB': fine(says([{ ...image(7), blob: 'x'.repeat(1e7) }, image(8)]), [
    { ...image(7), blob: 'x'.repeat(1e7) },
    image(8),
  ]),
  'more than `maxBodyBytes`': failed(says([{ ...image(7), blob: 'x'.repeat(TOO_MUCH) }]), 'BAD_REPLY'),
  'the same answer twice': fine((_keys, reply) => {
    reply(both());
    reply([image(7, 'second')]);
  }),
  'an answer after the deadline': failed((_keys, reply) => void setTimeout(reply, 450, both()), 'RPC_TIMEOUT'),
  'no answer at all': failed(() => {}, 'RPC_TIMEOUT'),
};

describe('what a provider may answer', () => {
  const route = `answers-${process.pid}`;
  const other = `answers-other-${process.pid}`;
  let service: Service;
  let connection: ChannelModel;
  let channel: Channel;
  let answer: Answer;

  before(async () => {
    service = new Service({
      url: rabbitUrl(),
      logger: silentLogger,
      rpcTimeoutMs: 20_000,
      maxBodyBytes: 11 * 1024 * 1024,
    });
    connection = await connect(rabbitUrl());
    channel = await connection.createChannel();
    await provider(route, (keys, reply) => answer(keys, reply));
    await provider(other, (keys, reply) => reply(keys.map((id) => ({ id }))));
  });

  after(async () => {
    await service.close();
    for (const queue of [route, other]) await channel.deleteQueue(queue);
    await connection.close();
  });

  async function provider(queue: string, respond: Answer): Promise<void> {
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'classic', 'x-expires': 300_000 } });
    const consume = ({ content, properties }: ConsumeMessage) => {
      const { replyTo, correlationId } = properties;
      const reply = (body: unknown) => {
        const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
        channel.sendToQueue(replyTo, bytes, { correlationId, contentType: 'application/json' });
      };
      respond(JSON.parse(content.toString()), reply);
    };
    await channel.consume(queue, (message) => message && consume(message), { noAck: true });
  }

  async function show(options: object) {
    const Two = Serializer(
      {
        image: new RemoteField<Image>({ route, onError: 'pk', ...options }),
        team: new RemoteField<{ id: number }>({ route: other }),
      },
      { service },
    );
    const degraded = new Map<string, string>();
    const scope = { service, caller: {}, deadline: undefined, degraded, calls: 0 };
    const rows = [7, 8, 7].map((key) => ({ image: key, team: key }));
    return { shown: await runIn(scope, () => Two.many(rows).data), code: degraded.get(route) };
  }

  it('has a row in the table for each case below, and no other', () => {
    const { text } = new Document('docs/remote-fields.md');
    const table = /^\| The provider answers \|.*\n\|.*\n((?:\|.*\n)+)/m.exec(text)?.[1] ?? '';
    const rows = table.split('\n').flatMap((line) => line.split(' | ')[0]?.replace(/^\| /, '').trim() || []);
    expect(rows).to.deep.equal(Object.keys(CASES));
  });

  for (const [
    name,
    {
      answer: given,
      shown: [seven, eight],
      code,
    },
  ] of Object.entries(CASES)) {
    it(`${name}: ${code ?? 'shown'}, every row with its own object, the other field as ever`, async () => {
      answer = given;
      const isLate = code === 'RPC_TIMEOUT';
      const result = await show(isLate ? { timeoutMs: 300 } : {});
      // Compared as text: the difference of two blobs would be printed.
      expect(
        JSON.stringify(result.shown) ===
          JSON.stringify(
            [seven, eight, seven].map((object, i) => ({
              image: object,
              team: { id: [7, 8, 7][i] },
            })),
          ),
      ).to.equal(true, JSON.stringify(result.shown).slice(0, 300));
      expect(result.code).to.equal(code);
    });
  }

  it('reads the next answer as ever', async () => {
    answer = says(both());
    expect((await show({})).shown[0]?.image).to.deep.equal(image(7));
  });
});
