/**
 * Delays made of levels, as the library makes them, but two levels and milliseconds: a level holds what comes for a fixed
 * time, and the routing key says, one bit per level, by which levels a message goes before it reaches its queue.
 */
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { expect } from 'chai';
import { unique } from '../../support/brokers.js';
import { until } from '../../support/until.js';
import { consume, declare, openChannel, openRaw, versionOf } from './raw.js';

const LEVEL_MS = [150, 300] as const;

/** The exchange at which each level is entered; `due` takes what has been through the last one. */
async function declareLevels(channel: ConfirmChannel, prefix: string): Promise<string> {
  const due = `${prefix}.due`;
  await channel.assertExchange(due, 'topic', { durable: true });
  let next = due;
  for (const [level, ttlMs] of LEVEL_MS.entries()) {
    const name = `${prefix}.${level}`;
    const above = '*.'.repeat(LEVEL_MS.length - 1 - level); // bits of the levels above this one
    await channel.assertExchange(name, 'topic', { durable: true });
    await declare(
      channel,
      {
        'x-queue-type': 'quorum',
        'x-message-ttl': ttlMs,
        'x-dead-letter-exchange': next,
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
      name,
    );
    await channel.bindQueue(name, name, `${above}1.#`);
    await channel.bindExchange(next, name, `${above}0.#`);
    next = name;
  }
  return due;
}

describe('facts of delays', function () {
  this.timeout(30_000);
  let channel: ConfirmChannel;
  let prefix: string;
  let queue: string;
  let got: (ConsumeMessage | null)[];

  beforeEach(async () => {
    channel = await openChannel();
    prefix = unique('delay');
    const due = await declareLevels(channel, prefix);
    queue = await declare(channel, { 'x-queue-type': 'quorum' }, unique('job.with.dots'));
    await channel.bindQueue(queue, due, `*.*.${queue}`);
    got = await consume(channel, queue);
  });

  /** `bits`: the upper level's first, as in a binary number. */
  const delay = async (bits: string, text: string, headers: Readonly<Record<string, unknown>> = {}) => {
    const key = `${[...bits].join('.')}.${queue}`;
    channel.publish(`${prefix}.1`, key, Buffer.from(text), { persistent: true, mandatory: true, headers });
    await channel.waitForConfirms();
  };

  it('a message arrives after the sum of its levels, and not before', async () => {
    const sentAt = Date.now();
    const arrivedAt = new Map<string, number>();
    for (const bits of ['11', '10', '01', '00']) await delay(bits, bits);
    await until(() => {
      for (const message of got) {
        const bits = String(message?.content);
        if (!arrivedAt.has(bits)) arrivedAt.set(bits, Date.now() - sentAt);
      }
      return arrivedAt.size === 4;
    });
    expect([...arrivedAt.keys()]).to.deep.equal(['00', '01', '10', '11']);
    for (const [bits, leastMs] of [
      ['01', 150],
      ['10', 300],
      ['11', 450],
    ] as const) {
      expect(arrivedAt.get(bits)).to.be.at.least(leastMs);
    }
  });

  it('a message that goes the same way again arrives, without the headers that the broker added', async () => {
    for (let round = 0; round < 3; round += 1) {
      await delay('11', String(round));
      await until(() => got.length === round + 1);
    }
  });

  it('RabbitMQ 3.10 loses it with those headers, which look like a cycle', async function () {
    if (!versionOf(await openRaw()).startsWith('3.10.')) this.skip();
    await delay('11', 'first');
    await until(() => got.length === 1);
    await delay('11', 'lost', got[0]?.properties.headers ?? {});
    await delay('11', 'marker');
    await until(() => got.length === 2);
    expect(String(got[1]?.content)).to.equal('marker'); // of one level, messages leave in the order in which they came
  });
});
