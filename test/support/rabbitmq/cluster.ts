/**
 * A cluster of private nodes on this machine: each with an address of its own on loopback, whose port is the same for
 * all, so that they find each other without epmd.
 *
 * Errors: rejects where there is no installed RabbitMQ, and where loopback has but one address (as on macOS).
 */
import { randomUUID } from 'node:crypto';
import { newLaunch } from '../rabbitmq.js';
import { freePort } from './installed.js';
import { RabbitNode } from './node.js';
import { joinCluster, startApp, stopApp } from './operator.js';

export class RabbitCluster {
  readonly nodes: readonly RabbitNode[];

  private constructor(nodes: readonly RabbitNode[]) {
    this.nodes = nodes;
  }

  static async start(size: number): Promise<RabbitCluster> {
    const common = { distributionPort: await freePort(), cookie: randomUUID() };
    const addresses = Array.from({ length: size }, (_, index) => `127.0.0.${index + 2}`);
    const starting = addresses.map(async (address) => RabbitNode.start(await newLaunch({ address, ...common })));
    const started = await Promise.allSettled(starting);
    const cluster = new RabbitCluster(started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
    try {
      for (const each of started) if (each.status === 'rejected') throw each.reason;
      await cluster.#join();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** The nodes that are to stay down must be killed by then: stopping one is killing it. */
  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** One after the other: the schema of the first node grows by one member at a time. */
  async #join(): Promise<void> {
    const [first, ...others] = this.nodes;
    for (const node of others) {
      await stopApp(node);
      await joinCluster(node, first as RabbitNode);
      await startApp(node);
    }
  }
}
