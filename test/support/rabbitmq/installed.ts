/**
 * A node from the installed server: a folder of its own, a free port on loopback, no plugins, no epmd. Up in about 3 s.
 *
 * Nothing of the machine's own RabbitMQ is read or written: each of its settings that is a path points into the folder.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONSOLE_ENV, FOLDER_VARIABLE } from './console.js';
import type { Launch } from './node.js';

/**
 * A named node that listens to no other and asks no epmd. RabbitMQ needs the name, and without these flags it starts an
 * epmd that outlives it, and spends seconds on that. The environment hands them to every `erl` that the node starts
 * (after a minute it starts one only to bring up epmd). https://www.erlang.org/doc/apps/erts/erl_cmd.html
 */
const NO_DISTRIBUTION = '-start_epmd false -dist_listen false -erl_epmd_port 1';

/** A node of a cluster on this machine. All of them use one port, which stands in for epmd, so each needs an address. */
export interface Member {
  /** On loopback, of the node alone: `127.0.0.2`. Linux has them all; other systems must be told of each. */
  readonly address: string;
  readonly distributionPort: number;
  /** Shared by the nodes of one cluster. */
  readonly cookie: string;
}

interface Placing {
  /** A folder with a system of its own, in which `script` is run. */
  readonly root?: string;
  readonly member?: Member;
}

function distributionOf({ address, distributionPort, cookie }: Member): string {
  const listen = `-kernel inet_dist_use_interface {${address.replaceAll('.', ',')}}`;
  return `-start_epmd false -erl_epmd_port ${distributionPort} ${listen} -setcookie ${cookie}`;
}

export async function installedLaunch(script: string, { root = '', member }: Placing = {}): Promise<Launch> {
  const parent = join(root, tmpdir());
  await mkdir(parent, { recursive: true });
  const outside = await mkdtemp(join(parent, 'bgtasks-rabbitmq-'));
  const folder = outside.slice(root.length); // as the node sees it
  const port = await freePort();
  const logFile = join(folder, 'rabbitmq.log');
  await writeFile(join(outside, 'enabled_plugins'), '[].\n');
  await writeFile(join(outside, 'rabbitmq.conf'), '');
  const nodeName = member ? `bgtasks-test@${member.address}` : `bgtasks-test-${process.pid}@localhost`;
  const naming = [member ? '-name' : '-sname', nodeName];
  return {
    description: `private node of ${root}${script}`,
    port,
    nodeName,
    command: root ? 'chroot' : script,
    args: root ? [root, script, ...naming] : naming,
    cwd: outside,
    logFile: join(outside, 'rabbitmq.log'),
    startTimeoutMs: 60_000,
    env: {
      // Homebrew's scripts look for `erl` on the PATH, and its own folder need not be there.
      PATH: `${process.env.PATH ?? ''}:/opt/homebrew/bin:/usr/local/bin`,
      HOME: folder,
      [FOLDER_VARIABLE]: folder,
      ...CONSOLE_ENV,
      ERL_FLAGS: member ? distributionOf(member) : NO_DISTRIBUTION,
      // Nothing listens there: what little RabbitMQ still asks of epmd must not reach one that runs on this machine.
      ERL_EPMD_PORT: '1',
      RABBITMQ_NODENAME: nodeName,
      ...(member && { RABBITMQ_USE_LONGNAME: 'true' }),
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_LOGS: logFile,
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_CONFIG_FILES: join(folder, 'conf.d'),
      RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    },
    kill: (child) => void child.kill('SIGKILL'),
    cleanUp: () => rm(outside, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/**
 * A port that is free now, below those that systems give to outgoing connections (32768 on Linux, 49152 on macOS): from
 * there, a client that reconnects while the node is down can get the node's own port, connect to itself, and keep it.
 */
export async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const isFree = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return isFree ? port : freePort();
}
