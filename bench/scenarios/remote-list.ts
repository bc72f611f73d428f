/** A list with one remote field, over a private RabbitMQ, from another process. */
import { Service } from 'bgtasks';
import { CharField, IntegerField, RemoteField, RPCSerializerMixin, Serializer } from 'bgtasks/serializers';
import { collectGarbage } from '../collect-garbage.js';
import type { Contender, Row as Result, Scenario } from '../measure.js';
import { listByHand, listByHandInParts } from '../peers/list-by-hand.js';
import { listWithDataLoader } from '../peers/list-dataloader.js';
import { MoleculerPeer } from '../peers/list-moleculer.js';
import { listOneByOne } from '../peers/list-one-by-one.js';
import { type Image, imageOf, type Row, rowsOf } from '../remote/objects.js';
import { providerUrl } from '../remote/provider-process.js';
import { RawClient } from '../remote/raw-client.js';

let service: Service;
let raw: RawClient;
let peer: MoleculerPeer;

async function open(): Promise<void> {
  const url = await providerUrl();
  service = new Service({ url });
  raw = await RawClient.open(url);
  peer = await MoleculerPeer.open(url);
}

async function close(): Promise<void> {
  await Promise.all([service.close(), raw.close(), peer.close()]);
}

const fields = {
  id: new IntegerField(),
  name: new CharField(),
  image: new RemoteField<Image>({ route: 'images.get' }),
};
const ours = (rows: readonly Row[], maxBatch = 1000) => {
  const Rows = RPCSerializerMixin(Serializer(fields, { service }), { maxBatch });
  return () => Rows.many(rows).data;
};

const check = (rows: readonly Row[]) => {
  const expected = JSON.stringify(rows.map((row) => ({ ...row, image: imageOf(row.image) })));
  return (result: unknown, { name }: Contender) => {
    if (JSON.stringify(result) !== expected) throw new Error(`${name} gives other objects.`);
  };
};

const many = rowsOf(10_000);
export const remoteList: Scenario = {
  name: 'remote-list',
  what: '10,000 rows with one remote field, from another process over RabbitMQ',
  open,
  close,
  contenders: () => [
    { name: 'batch and Map by hand, raw amqplib', run: () => listByHand(raw, many) },
    { name: 'the same in requests of 1,000 keys', run: () => listByHandInParts(raw, many) },
    { name: 'bgtasks, maxBatch: 10,000, one request as by hand', run: ours(many, 10_000) },
    { name: 'bgtasks as it is, ten requests of 1,000 keys', run: ours(many) },
    { name: 'dataloader, raw amqplib', run: () => listWithDataLoader(raw, many) },
    { name: 'moleculer populates', run: () => peer.list(many) },
  ],
  check: check(many),
};

const some = rowsOf(1000);
export const remoteListNaive: Scenario = {
  name: 'remote-list-naive',
  what: '1,000 rows, and what a call per row costs',
  open,
  close,
  contenders: () => [
    { name: 'batch and Map by hand, raw amqplib', run: () => listByHand(raw, some) },
    { name: 'bgtasks', run: ours(some) },
    { name: 'a call per row, all at once, raw amqplib', run: () => listOneByOne(raw, some) },
  ],
  check: check(some),
};

const SIZES = [1000, 10_000, 100_000];
export const remoteListGrowth: Scenario = {
  name: 'remote-list-growth',
  what: 'bgtasks with more rows',
  open,
  close,
  contenders: () => SIZES.map((size) => ({ name: `${size} rows`, run: ours(rowsOf(size)) })),
  check(result, { name }) {
    if ((result as unknown[]).length !== Number.parseInt(name, 10)) throw new Error(`${name}: rows are missing.`);
  },
  async summary(results) {
    const bytes: string[] = [];
    for (const size of SIZES) bytes.push(`${size} rows: ${await heldBytes(ours(rowsOf(size)), size)}`);
    return `Exponent of growth: ${exponent(results).toFixed(2)}. Bytes a row that an answer holds: ${bytes.join(', ')}.`;
  },
};

/** From the first to the last: 1 is linear. */
function exponent(results: readonly Result[]): number {
  const [first, last] = [results[0]?.medianMs ?? 1, results.at(-1)?.medianMs ?? 1];
  return Math.log(last / first) / Math.log((SIZES.at(-1) as number) / (SIZES[0] as number));
}

async function heldBytes(run: () => Promise<unknown>, size: number): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const held = await run();
  collectGarbage();
  const bytes = process.memoryUsage().heapUsed - before;
  return held ? Math.round(bytes / size) : 0;
}
