import { type BgTasksError, RpcTimeoutError, ServiceUnavailableError } from 'bgtasks';
import { expect } from 'chai';
import { rabbitUrl } from '../support/rabbitmq.js';
import { rejection } from '../support/rejection.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { pause, until } from '../support/until.js';
import { loadOfCalls } from './load.js';
import { ServicePair } from './service-pair.js';

/** What the network does, until the call has settled. */
const FAULTS: Readonly<Record<string, (proxy: TcpProxy) => void>> = {
  reset: (proxy) => proxy.cut('reset'),
  ended: (proxy) => proxy.cut('end'),
  blackholed: (proxy) => proxy.blackhole(),
  'blackholed on the way to the broker': (proxy) => proxy.blackhole('up'),
  'blackholed on the way from the broker': (proxy) => proxy.blackhole('down'),
  'left open with the broker gone': (proxy) => proxy.halfOpen('target'),
  'left open with the client gone': (proxy) => proxy.halfOpen('client'),
};

/** Shorter than it takes to connect again in vain, which is tried for 10 s. */
const TIMEOUT = { timeoutMs: 1000 };

/** When it happens in the life of one call, and to whom. */
const PHASES: Readonly<Record<string, (pair: ServicePair, fault: (proxy: TcpProxy) => void) => Promise<unknown>>> = {
  'the request': (pair, fault) => {
    const answer = pair.ask('hit', TIMEOUT);
    fault(pair.apiProxy);
    return answer;
  },
  'the wait for the reply': async (pair, fault) => {
    const answer = settled(pair.ask('hit', { ...TIMEOUT, waitMs: 100 }));
    await until(() => pair.ledger.unexpected().includes('hit'));
    fault(pair.apiProxy);
    return answer;
  },
  'the consumer': (pair, fault) => {
    fault(pair.workerProxy);
    return pair.ask('hit', TIMEOUT);
  },
  'the handler': async (pair, fault) => {
    const answer = settled(pair.ask('hit', { ...TIMEOUT, waitMs: 100 }));
    await until(() => pair.ledger.unexpected().includes('hit'));
    fault(pair.workerProxy);
    return answer;
  },
};

describe('a connection', function () {
  this.timeout(60_000);

  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`${what} at any phase of a call: the call settles, and the next ones are answered`, async () => {
      await Promise.all(
        Object.entries(PHASES).map(async ([phase, hit]) => {
          const pair = await ServicePair.start(rabbitUrl());
          const outcome = await settled(hit(pair, fault));
          if (outcome instanceof Error) expect(outcome, phase).to.be.instanceOf(ServiceUnavailableError);
          else expect(outcome, phase).to.deep.equal({ id: 'hit' });
          for (const proxy of [pair.apiProxy, pair.workerProxy]) proxy.thaw();
          await pair.recovers();
          expect(pair.api.health().pendingCalls, phase).to.equal(0);
        }),
      );
    });
  }

  it('that is slow times out the call that it delays, and the late answer is not taken for another', async () => {
    const pair = await ServicePair.start(rabbitUrl());
    pair.apiProxy.slow({ latencyMs: 300 }, 'down');
    expect(await rejection(pair.ask('late', { timeoutMs: 200 }))).to.be.instanceOf(RpcTimeoutError);
    expect(await pair.ask('in time')).to.deep.equal({ id: 'in time' });
    pair.apiProxy.thaw();
    expect(await pair.ask('next')).to.deep.equal({ id: 'next' });
  });

  it('that holds everything for a while loses nothing', async () => {
    const pair = await ServicePair.start(rabbitUrl());
    for (const proxy of [pair.apiProxy, pair.workerProxy]) {
      proxy.freeze();
      const answers = Promise.all([1, 2, 3].map((id) => pair.ask(id)));
      await pause(300);
      proxy.thaw();
      expect(await answers).to.deep.equal([{ id: 1 }, { id: 2 }, { id: 3 }]);
    }
    expect(pair.apiProxy.counts.accepted).to.equal(1);
  });

  it('of a few kilobytes a second carries what fits, and fails what does not with a timeout', async () => {
    const pair = await ServicePair.start(rabbitUrl());
    pair.apiProxy.slow({ bytesPerSecond: 20_000 }, 'up');
    expect(await pair.ask('small')).to.deep.equal({ id: 'small' });
    const large = pair.api.call(pair.route, { id: 'large', text: 'x'.repeat(50_000) }, { timeoutMs: 500 });
    expect(await rejection(large)).to.be.instanceOf(RpcTimeoutError);
    pair.apiProxy.thaw();
    await pair.recovers();
  });

  it('cut again and again under load: every call settles, and no answer is made up', async () => {
    const pair = await ServicePair.start(rabbitUrl());
    const load = loadOfCalls(pair.api, pair);
    for (let cut = 0; cut < 12; cut += 1) {
      await pause(50 + Math.random() * 100);
      (cut % 2 ? pair.apiProxy : pair.workerProxy).cut(cut % 3 ? 'reset' : 'end');
    }
    await load.goesOn();
    await load.stop();
    expect(load.wrong).to.deep.equal([]);
    expect(pair.ledger.lost()).to.deep.equal([]);
    expect(pair.api.health().pendingCalls).to.equal(0);
  });
});

function settled(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error: BgTasksError) => error);
}
