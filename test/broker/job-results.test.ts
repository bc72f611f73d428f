import { Service } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { rabbitUrl } from '../support/rabbitmq.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

describe('the result of a job on RabbitMQ', () => {
  it('arrives although the connection of the process that asked was cut meanwhile', async () => {
    const url = new URL(rabbitUrl());
    const proxy = autoClose(await new TcpProxy(Number(url.port)).listen());
    const worker = autoClose(new Service({ url: url.href, logger: silentLogger }));
    url.port = String(proxy.port);
    const client = autoClose(new Service({ url: url.href, logger: silentLogger }));
    const route = unique('cut');
    let finish: (() => void) | undefined;
    worker.jobTask(route)(async (body) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return body;
    });
    await worker.start();
    const job = await client.enqueue(route, 'kept', { result: true });
    await until(() => finish !== undefined);
    proxy.cut();
    await until(() => !client.health().connected);
    finish?.();
    expect(await job.result()).to.equal('kept');
  });
});
