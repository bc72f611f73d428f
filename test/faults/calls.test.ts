import { ConnectionLostError, type Logger, RpcTimeoutError, Service, type ServiceOptions } from 'bgtasks';
import { expect } from 'chai';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { startOwnNode } from '../support/own-node.js';
import { setMemoryAlarm } from '../support/rabbitmq/operator.js';
import { type RabbitNode, rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { explainedTimeout } from '../support/timed-out.js';
import { pause, until } from '../support/until.js';

describe('calls whose connection is lost', () => {
  let proxy: TcpProxy;
  let route: string;
  let api: Service;
  const ran: unknown[] = [];
  const lines: string[] = [];
  /** Until it is called, the first run of each body waits. */
  let letGo: () => void;

  const logger: Logger = {
    ...silentLogger,
    info: (facts, text) => void lines.push(`${text} ${JSON.stringify(facts)}`),
    warn: (facts, text) => void lines.push(`${text} ${JSON.stringify(facts)}`),
    error: (facts, text) => void lines.push(`${text} ${JSON.stringify(facts)}`),
  };
  const through = (options: ServiceOptions = {}) => {
    const url = new URL(rabbitUrl());
    url.port = String(proxy.port);
    return autoClose(new Service({ url: url.href, logger, ...options }));
  };

  beforeEach(async () => {
    ran.length = 0;
    lines.length = 0;
    proxy = autoClose(await new TcpProxy(Number(new URL(rabbitUrl()).port)).listen());
    route = unique('lost');
    const worker = autoClose(new Service({ url: rabbitUrl(), logger: silentLogger, drainMs: 0 }));
    const released = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    worker.rpcTask(route)(async (body) => {
      const isFirst = !ran.includes(body);
      ran.push(body);
      if (isFirst) await released;
      return body;
    });
    await worker.start();
    api = through();
  });

  for (const replyQueue of ['direct', 'exclusive'] as const) {
    it(`are sent again where they are idempotent, and the others fail; replies: ${replyQueue}`, async () => {
      api = through({ replyQueue });
      const again = [1, 2, 3].map((body) => api.call(route, body, { idempotent: true, timeoutMs: 8000 }));
      const once = rejection(api.call(route, 'once', { timeoutMs: 8000 }));
      await until(() => ran.length === 4);
      await proxy.refuse();
      const error = (await once) as ConnectionLostError;
      expect(error).to.be.instanceOf(ConnectionLostError);
      expect(error.maybeExecuted).to.equal(true);
      await pause(50);
      await proxy.listen();
      expect(await Promise.all(again)).to.deep.equal([1, 2, 3]);
      expect(ran.filter((body) => body === 'once')).to.have.length(1);
      expect(api.health().pendingCalls).to.equal(0);
      letGo();
    });
  }

  it('end at their timeout where the connection does not come back, and say so', async () => {
    const call = rejection(api.call(route, 1, { idempotent: true, timeoutMs: 400 }));
    await until(() => ran.length === 1);
    await proxy.refuse();
    const error = (await call) as RpcTimeoutError;
    expect(error).to.be.instanceOf(RpcTimeoutError);
    expect(error.message).to.contain('There is no connection to the broker at present.');
    await proxy.listen();
    await until(() => api.health().connected);
    const { details } = await explainedTimeout(() => api.call(route, 2, { timeoutMs: 400 }));
    expect(details, 'once the connection is back')
      .to.include({ consumers: 1 })
      .and.to.not.have.property('isDisconnected');
    letGo();
  });

  it('end at once when their service is closed while the broker is away', async () => {
    const call = rejection(api.call(route, 1, { idempotent: true, timeoutMs: 8000 }));
    await until(() => ran.length === 1);
    await proxy.refuse();
    await until(() => !api.health().connected);
    await api.close();
    expect(await call).to.have.property('code', 'SERVICE_STOPPING');
    letGo();
  });

  it('are told by one line of the log when the connection goes, and by one when it is back', async () => {
    const worker = through({ serviceName: 'shop' });
    worker.rpcTask(unique('logged'))(() => 1);
    await worker.start();
    lines.length = 0;
    await proxy.refuse();
    await until(() => !worker.health().connected);
    await pause(500); // attempts in vain are none of those lines
    await proxy.listen();
    await until(() => worker.health().consuming);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(/^connection to the broker lost .*"connection":"shop","broker":"[^"@]*:\d+"/);
    expect(lines[1]).to.match(/^connection to the broker restored .*"connection":"shop"/);
    expect(worker.health()).to.include({ connected: true, reconnects: 1 });
    letGo();
  });

  it('find a task that was registered while the broker was away', async () => {
    const worker = through();
    worker.rpcTask(unique('early'))(() => 1);
    await worker.start();
    await proxy.refuse();
    await until(() => !worker.health().connected);
    const late = unique('late');
    worker.rpcTask(late)(() => 'served');
    await until(() => lines.some((line) => line.includes(late)));
    await proxy.listen();
    expect(await api.call(late, 1, { idempotent: true, retry: 100, timeoutMs: 8000 })).to.equal('served');
    letGo();
  });

  it('come back without a call that asks for it', async () => {
    const call = rejection(api.call(route, 1));
    await until(() => ran.length === 1);
    proxy.cut();
    await call;
    await until(() => api.health().connected);
    expect(api.health().reconnects).to.equal(1);
    letGo();
  });

  it('leave nothing behind, however often that happens', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    const worker = through({ drainMs: 0 });
    for (let index = 0; index < 15; index += 1) worker.rpcTask(unique('many'))(() => 1);
    const held = unique('held');
    worker.rpcTask(held)(() => pause(20));
    await worker.start();
    const abort = new AbortController();
    let settled = 0;
    let asked = 0;
    for (let cut = 0; cut < 100; cut += 1) {
      for (const options of [{}, { idempotent: true, signal: abort.signal, timeoutMs: 1000 }]) {
        asked += 1;
        const count = () => {
          settled += 1;
        };
        api.call(held, cut, options).then(count, count);
      }
      await pause(cut % 12);
      proxy.cut();
    }
    abort.abort();
    await until(() => settled === asked);
    await until(() => worker.health().consuming);
    process.off('warning', onWarning);
    expect(warnings).to.deep.equal([]);
    expect(api.health().pendingCalls).to.equal(0);
    await until(() => worker.health().inFlight === 0 && api.health().connected); // the latter comes back by itself
    expect(proxy.counts.open).to.equal(2);
    letGo();
  });
});

describe('calls during a memory alarm', function () {
  this.timeout(60_000);
  let node: RabbitNode;

  before(async function () {
    node = await startOwnNode(this);
  });
  after(() => node?.stop());

  it('wait, time out with the alarm as the reason, and go on when it is cleared', async () => {
    const route = unique('alarm');
    const worker = autoClose(new Service({ url: node.url, logger: silentLogger }));
    const ran: unknown[] = [];
    worker.rpcTask(route)((body) => {
      ran.push(body);
      return body;
    });
    await worker.start();
    const api = autoClose(new Service({ url: node.url, logger: silentLogger }));
    await api.call(route, 'before');
    await setMemoryAlarm(node, true);
    await rejection(api.call(route, 'first', { timeoutMs: 200 })); // the broker tells whoever publishes
    await until(() => api.health().blockedBy !== undefined);
    const error = (await rejection(api.call(route, 'expired', { timeoutMs: 100 }))) as RpcTimeoutError;
    expect(error).to.be.instanceOf(RpcTimeoutError);
    expect(error.message).to.contain('The broker takes no messages at present: low on memory.');
    const waiting = api.call(route, 'waiting', { timeoutMs: 20_000 });
    await pause(50);
    await setMemoryAlarm(node, false);
    expect(await waiting).to.equal('waiting');
    expect(api.health().blockedBy).to.equal(undefined);
    expect(ran).to.not.include('expired');
  });
});
