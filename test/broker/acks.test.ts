import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { expect } from 'chai';
import { Acks } from '../../lib/broker/amqp/acks.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('acks of a channel', () => {
  let model: ChannelModel;
  let queue: string;
  let deliveries: ConsumeMessage[];
  let frames: [tag: number, multiple: boolean][];
  let acks: Acks;
  const tags = (...numbers: number[]) => {
    for (const number of numbers) acks.ack(number);
  };

  /** Ten deliveries on a channel that counts its frames of acks. */
  beforeEach(async () => {
    queue = unique('acks');
    model = await connect(rabbitUrl());
    const channel = await model.createConfirmChannel();
    await channel.assertQueue(queue, { arguments: { 'x-expires': 60_000 } });
    for (let i = 1; i <= 10; i += 1) channel.sendToQueue(queue, Buffer.from(String(i)));
    await channel.waitForConfirms();
    deliveries = [];
    frames = [];
    const ack = channel.ack.bind(channel);
    channel.ack = (message, multiple = false) => {
      frames.push([message.fields.deliveryTag, multiple]);
      ack(message, multiple);
    };
    const life = { channel, isOpen: true };
    channel.on('close', () => {
      life.isOpen = false;
    });
    channel.on('error', (error) => {
      throw error; // an ack that RabbitMQ refuses
    });
    acks = new Acks(life);
    await channel.consume(queue, (message) => message && deliveries.push(message));
    while (deliveries.length < 10) await pause(5);
  });

  afterEach(() => model.close());

  /** What the broker would deliver again. */
  async function left(): Promise<string[]> {
    acks.flush();
    await model.close();
    model = await connect(rabbitUrl());
    const channel = await model.createChannel();
    const found: string[] = [];
    for (let message = await channel.get(queue); message; message = await channel.get(queue)) {
      found.push(message.content.toString());
    }
    return found.sort((a, b) => Number(a) - Number(b));
  }

  it('leave in one frame where they follow each other, in whatever order they were asked for', async () => {
    tags(3, 1, 2);
    await pause(0);
    tags(4);
    await pause(0);
    expect(frames).to.deep.equal([
      [3, true],
      [4, false],
    ]);
    expect(await left()).to.deep.equal(['5', '6', '7', '8', '9', '10']);
  });

  it('do not settle a delivery in between that is still handled', async () => {
    tags(1, 2, 4, 5);
    await pause(0);
    expect(frames).to.deep.equal([
      [2, true],
      [4, false],
      [5, false],
    ]);
    tags(6, 3);
    await pause(0);
    expect(frames.slice(3)).to.deep.equal([[6, true]]);
    expect(await left()).to.deep.equal(['7', '8', '9', '10']);
  });

  it('go on behind a delivery that was rejected, without settling it twice', async () => {
    acks.reject(deliveries[0] as ConsumeMessage, false);
    tags(2, 3);
    await pause(0);
    acks.reject(deliveries[3] as ConsumeMessage, false);
    tags(5);
    await pause(0);
    expect(frames).to.deep.equal([
      [3, true],
      [5, false],
    ]);
    expect(await left()).to.deep.equal(['6', '7', '8', '9', '10']);
  });

  it('of a channel that is closed are not sent', async () => {
    await model.close();
    model = await connect(rabbitUrl());
    tags(1);
    await pause(0);
    expect(frames).to.deep.equal([]);
  });

  it('settle each delivery once, and none that is still handled, in any order', () => {
    for (let round = 0; round < 200; round += 1) {
      const sent = new Set<number>();
      const acked = new Set<number>();
      const channel = {
        ack({ fields: { deliveryTag } }: ConsumeMessage, isMultiple: boolean) {
          const tagsOf = isMultiple ? Array.from({ length: deliveryTag }, (_, i) => i + 1) : [deliveryTag];
          const settled = tagsOf.filter((tag) => !sent.has(tag));
          expect(settled).to.include(deliveryTag);
          for (const tag of settled) expect(acked.has(tag), `${tag} of ${[...acked]}`).to.equal(true);
          for (const tag of settled) sent.add(tag);
        },
      } as unknown as ConfirmChannel;
      const shuffled = new Acks({ channel, isOpen: true });
      const order = Array.from({ length: 40 }, (_, i) => [Math.random() + i / 10, i + 1] as const);
      for (const [chance, tag] of order.sort(([one], [other]) => one - other)) {
        acked.add(tag);
        shuffled.ack(tag);
        if (chance % 1 < 0.3) shuffled.flush();
      }
      shuffled.flush();
      expect(sent.size).to.equal(40);
    }
  });

  it('keep nothing of those behind a delivery that is handled for long', () => {
    const channel = { ack() {} } as unknown as ConfirmChannel;
    const long = new Acks({ channel, isOpen: true });
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let tag = 2; tag <= 2_000_000; tag += 1) {
      long.ack(tag);
      if (tag % 100 === 0) long.flush();
    }
    collectGarbage();
    expect((process.memoryUsage().heapUsed - before) / 1e6).to.be.below(20);
    long.flush();
  });
});
