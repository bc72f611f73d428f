/** A service that calls and one that serves, each over a proxy of its own, so that a fault hits one of them alone. */
import { type Logger, Service } from 'bgtasks';
import { silentLogger } from '../../lib/logger.js';
import { autoClose } from '../support/auto-close.js';
import { unique } from '../support/brokers.js';
import { Ledger } from '../support/ledger.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { pause } from '../support/until.js';

export interface Asked {
  readonly id: number | string;
  readonly waitMs?: number;
}

export class ServicePair {
  readonly route = unique('fault');
  readonly ledger = autoClose(new Ledger());
  readonly api: Service;
  readonly worker: Service;

  private constructor(
    readonly apiProxy: TcpProxy,
    readonly workerProxy: TcpProxy,
    url: string,
    logger: Logger,
  ) {
    const serviceOf = (proxy: TcpProxy) =>
      autoClose(new Service({ url: through(proxy, url), logger, drainMs: 0, concurrency: 50 }));
    this.api = serviceOf(apiProxy);
    this.worker = serviceOf(workerProxy);
    this.worker.rpcTask(this.route)(async ({ id, waitMs = 0 }: Asked) => {
      this.ledger.effect(id);
      if (waitMs > 0) await pause(waitMs);
      return { id };
    });
  }

  /** Started, and known to work. */
  static async start(url: string, logger: Logger = silentLogger): Promise<ServicePair> {
    const port = Number(new URL(url).port);
    const proxies = [new TcpProxy(port), new TcpProxy(port)] as const;
    for (const proxy of proxies) await autoClose(proxy).listen();
    const pair = new ServicePair(...proxies, url, logger);
    await pair.worker.start();
    await pair.ask('first');
    return pair;
  }

  ask(id: string | number, { waitMs, timeoutMs = 3000 }: { waitMs?: number; timeoutMs?: number } = {}) {
    return this.api.call(this.route, { id, ...(waitMs !== undefined && { waitMs }) }, { timeoutMs });
  }

  /** Resolves once a call is answered; nothing but time is needed for that. */
  async recovers(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.ask(`again-${attempt}`, { timeoutMs: 500 }).catch(() => undefined);
      if (answer !== undefined) return;
      await pause(20);
    }
  }
}

/** A dead peer is noticed after two heartbeats: with one a second a test need not wait for the minute of the default. */
function through(proxy: TcpProxy, url: string): string {
  const address = new URL(url);
  address.port = String(proxy.port);
  address.searchParams.set('heartbeat', '1');
  return address.href;
}
