import { gunzipSync, gzipSync } from 'node:zlib';
import { connect } from 'amqplib';
import { Response, Service } from 'bgtasks';
import { ConnectionParameters, jobTasks, QueueWorker, RPCWorker } from 'bgtasks/compat';
import { expect } from 'chai';
import { silentLogger } from '../lib/logger.js';
import { autoClose } from './support/auto-close.js';
import { unique } from './support/brokers.js';
import { rabbitUrl } from './support/rabbitmq.js';
import { until } from './support/until.js';

function parameters(): ConnectionParameters {
  const { hostname, port, username, password, pathname } = new URL(rabbitUrl());
  const vhost = decodeURIComponent(pathname.slice(1)) || '/';
  return { host: hostname, port: Number(port), user: username, password, vhost };
}

describe('the names of amqp_worker', function () {
  this.timeout(20_000);

  it('have the defaults of ConnectionParameters, with and without new', () => {
    const defaults = { host: 'localhost', port: 5672, user: 'guest', password: 'guest', vhost: '/' };
    expect(ConnectionParameters()).to.deep.equal(defaults);
    expect(new ConnectionParameters({ port: 1 })).to.deep.equal({ ...defaults, port: 1 });
  });

  it('serve many routes each, answer or not, and end when they are told', async () => {
    const [call, text, queue] = [unique('a-route'), unique('b-route'), unique('a-queue')];
    const said: string[] = [];
    const rpc = new RPCWorker(ConnectionParameters(parameters()));
    rpc.route(call)((data: unknown) => `data received ${String(data)}`);
    rpc.route(text)(async (data: string) => data.length);
    const queues = new QueueWorker(rabbitUrl());
    const handler = queues.route(queue)((data: string) => {
      said.push(`data received ${data}`);
      return 'ignored';
    });
    expect(handler('x')).to.equal('ignored'); // it stays a function
    const stops = await Promise.all([rpc.run(), queues.run()]);

    const model = autoClose(await connect(rabbitUrl()));
    const channel = await model.createChannel();
    channel.sendToQueue(queue, gzipSync('"a test message"'));
    await until(() => said.length === 2);
    expect(said[1]).to.equal('data received a test message');

    const replies = await channel.assertQueue('', { exclusive: true });
    const answer = new Promise<string>((resolve) => {
      void channel.consume(replies.queue, (message) => message && resolve(gunzipSync(message.content).toString()));
    });
    channel.sendToQueue(call, gzipSync('{"data": "a message"}'), { replyTo: replies.queue, correlationId: '1' });
    expect(JSON.parse(await answer)).to.deep.equal({ success: true, data: 'data received a message' });

    const api = autoClose(new Service({ url: rabbitUrl(), logger: silentLogger }));
    expect(await api.call(call, 'a message', { protocol: 'gzip-json' })).to.equal('data received a message');
    expect(await api.call(text, 'four', { protocol: 'gzip-json' })).to.equal(4);
    expect((await channel.checkQueue(queue)).consumerCount).to.equal(1);
    for (const stop of stops) await stop();
    expect((await channel.checkQueue(queue)).consumerCount).to.equal(0);
  });
});

describe('the names of bgtasks (Python)', () => {
  it('have Response with its status', () => {
    expect(Response([1])).to.deep.equal({ status: 'success', data: [1] });
    expect(Response({ ids: ['x'] }, 'fail')).to.deep.equal({ status: 'fail', data: { ids: ['x'] } });
    expect(() => Response(1, 'odd' as never)).to.throw('"odd"');
    expect(jobTasks).to.be.a('function');
  });
});
