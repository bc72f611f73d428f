/** The other service, one for all scenarios of a run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { brokerUrl } from '../broker.js';

const PROVIDER = fileURLToPath(new URL('./provider.js', import.meta.url));

let running: Promise<ChildProcess> | undefined;

export async function providerUrl(): Promise<string> {
  running ??= start();
  await running;
  return brokerUrl();
}

async function start(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROVIDER, await brokerUrl()], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as unknown[];
  if (!String(output).includes('ready')) throw new Error(`The provider ended with ${String(output)}.`);
  return child;
}

export async function stopProvider(): Promise<void> {
  const child = await running;
  running = undefined;
  child?.kill('SIGKILL');
}
