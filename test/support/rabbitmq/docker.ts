/**
 * A node from the official image. The container runs as long as its input is open, like any other node, and removes
 * itself; its data is in a volume, so that a killed node comes back with it.
 */
import { type ChildProcess, execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { CONSOLE_ENV } from './console.js';
import { freePort } from './installed.js';
import type { Launch } from './node.js';

const IMAGE = 'rabbitmq:4';

export async function dockerLaunch(): Promise<Launch> {
  const port = await freePort();
  const name = `bgtasks-test-${process.pid}-${port}`;
  // RabbitMQ names its data after the node, and the name of a container's host changes with each run.
  const nodeName = 'rabbit@localhost';
  const settings = { ...CONSOLE_ENV, RABBITMQ_NODENAME: nodeName };
  return {
    description: `Docker image ${IMAGE}`,
    port,
    nodeName,
    command: 'docker',
    args: [
      ...['run', '--rm', '--interactive', '--name', name],
      ...['--publish', `127.0.0.1:${port}:5672`, '--volume', `${name}:/var/lib/rabbitmq`],
      ...Object.entries(settings).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
      IMAGE,
    ],
    env: process.env,
    startTimeoutMs: 300_000, // the first run pulls the image
    // The client of a container that runs ends by itself, once the name is free again.
    kill: (child: ChildProcess) => {
      if (spawnSync('docker', ['kill', name]).status !== 0) child.kill('SIGKILL');
    },
    cleanUp: async () => {
      await promisify(execFile)('docker', ['volume', 'rm', '--force', name]);
    },
  };
}
