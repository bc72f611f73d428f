/** A private RabbitMQ and the other service beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type * as Rabbit from '../../dist/test/support/rabbitmq.js';

/** Of the tests, compiled; the path is that from the compiled bench. */
const RABBIT = new URL('../../../dist/test/support/rabbitmq.js', import.meta.url).href;
const PROVIDER = fileURLToPath(new URL('./provider.js', import.meta.url));

export class ProviderProcess {
  private constructor(
    readonly url: string,
    readonly rabbit: Rabbit.RabbitNode,
    readonly child: ChildProcess,
  ) {}

  static async start(): Promise<ProviderProcess> {
    const { startRabbitMq } = (await import(RABBIT)) as typeof Rabbit;
    const rabbit = await startRabbitMq();
    const child = spawn(process.execPath, [PROVIDER, rabbit.url], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as unknown[];
    if (!String(output).includes('ready')) throw new Error(`The provider ended with ${String(output)}.`);
    return new ProviderProcess(rabbit.url, rabbit, child);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.rabbit.stop();
  }
}

/** One for all scenarios of a run. */
let running: Promise<ProviderProcess> | undefined;

export function providerUrl(): Promise<string> {
  running ??= ProviderProcess.start();
  return running.then(({ url }) => url);
}

export async function stopProvider(): Promise<void> {
  const provider = await running;
  running = undefined;
  await provider?.stop();
}
