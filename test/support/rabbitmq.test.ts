import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ChannelModel, connect } from 'amqplib';
import { expect } from 'chai';
import { isRunning } from './is-running.js';
import {
  chooseSource,
  chooseSource4,
  findServerScript,
  type Machine,
  NO_RABBITMQ,
  NO_RABBITMQ_4,
} from './rabbitmq/source.js';
import { rabbitUrl, startRabbitMq } from './rabbitmq.js';
import { until } from './until.js';

describe('source of RabbitMQ', () => {
  const machine = (script?: string, docker = false, root = false): Machine => ({
    serverScript: () => script,
    dockerAnswers: () => docker,
    mayInstall: () => root,
    versionOf: () => '3.10.8',
  });

  it('is the installed server where there is one', () => {
    const source = chooseSource(machine('/opt/rabbitmq-server', true, true));
    expect(source).to.deep.equal({ kind: 'installed', script: '/opt/rabbitmq-server' });
  });

  it('is Docker where its engine answers', () => {
    expect(chooseSource(machine(undefined, true, true))).to.deep.equal({ kind: 'docker' });
  });

  it('is apt-get for root on Debian', () => {
    expect(chooseSource(machine(undefined, false, true))).to.deep.equal({ kind: 'apt' });
  });

  it('says in one line what to install where there is none', () => {
    expect(() => chooseSource(machine())).to.throw(NO_RABBITMQ);
    expect(NO_RABBITMQ).to.match(
      /^[^\n]*apt-get install rabbitmq-server[^\n]*brew install rabbitmq[^\n]*BGTASKS_TEST_URL[^\n]*$/,
    );
  });
});

describe('source of RabbitMQ 4', () => {
  const choose = (script?: string, docker = false, root = false) =>
    chooseSource4({
      serverScript: () => script,
      dockerAnswers: () => docker,
      mayInstall: () => root,
      versionOf: (path) => (path.includes('4') ? '4.0.5' : '3.10.8'),
    });

  it('is the installed server, where that is one', () => {
    expect(choose('/4/rabbitmq-server', true, true)).to.deep.equal({ kind: 'installed', script: '/4/rabbitmq-server' });
  });

  it('is Docker, then a system of its own for root on Debian', () => {
    expect(choose('/3/rabbitmq-server', true, true)).to.deep.equal({ kind: 'docker' });
    expect(choose('/3/rabbitmq-server', false, true)).to.deep.equal({ kind: 'chroot' });
  });

  it('says in one line what to do where there is none', () => {
    expect(() => choose('/3/rabbitmq-server')).to.throw(NO_RABBITMQ_4);
    expect(NO_RABBITMQ_4).to.match(/^[^\n]*BGTASKS_TEST_URL_4[^\n]*$/);
  });
});

describe('script of RabbitMQ', () => {
  let folder: string;
  const file = async (path: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), '');
  };
  const link = async (path: string, target: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(target, join(folder, path));
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bgtasks-script-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is found behind the links of Homebrew', async () => {
    await file('Cellar/rabbitmq/4.1.0/sbin/rabbitmq-server');
    await file('Cellar/rabbitmq/4.1.0/sbin/rabbitmq-env');
    await link('sbin/rabbitmq-server', '../Cellar/rabbitmq/4.1.0/sbin/rabbitmq-server');
    const script = findServerScript(['', join(folder, 'missing'), join(folder, 'sbin')]);
    expect(script).to.match(/Cellar\/rabbitmq\/4\.1\.0\/sbin\/rabbitmq-server$/);
  });

  it('is not the wrapper that Debian has on the PATH', async () => {
    await file('lib/rabbitmq/bin/rabbitmq-server');
    await file('lib/rabbitmq/bin/rabbitmq-env');
    await file('lib/rabbitmq/bin/rabbitmq-script-wrapper');
    await link('sbin/rabbitmq-server', '../lib/rabbitmq/bin/rabbitmq-script-wrapper');
    expect(findServerScript([join(folder, 'sbin')])).to.equal(undefined);
    const script = findServerScript([join(folder, 'sbin'), join(folder, 'lib/rabbitmq/bin')]);
    expect(script).to.match(/lib\/rabbitmq\/bin\/rabbitmq-server$/);
  });
});

describe('shared RabbitMQ', () => {
  it('answers at the URL that the run gives to its tests', async () => {
    await withConnection(rabbitUrl(), (connection) => connection.createChannel());
  });
});

describe('private RabbitMQ', function () {
  // A node takes 3 s to come up, and the first test brings one up twice.
  this.timeout(60_000);

  it('comes back with its data after a kill', async () => {
    const node = await startRabbitMq();
    try {
      await publish(node.url, 'survivors');
      await node.kill();
      expect(await isListening(node.url)).to.equal(false);
      await node.restart();
      expect(await messageCount(node.url, 'survivors')).to.equal(1);
    } finally {
      await node.stop();
    }
  });

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`leaves nothing when ${signal} ends the process that started it`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bgtasks-interrupt-'));
      const owner = runOwner(folder);
      try {
        const [line] = (await once(owner.stdout, 'data')) as [Buffer];
        const { url, pid } = JSON.parse(line.toString()) as { url: string; pid: number };
        expect(await isListening(url)).to.equal(true);
        owner.kill(signal);
        await until(async () => !(await isRunning(pid)) && !(await isListening(url)));
        await until(async () => (await readdir(folder)).length === 0);
      } finally {
        owner.kill('SIGKILL');
        await rm(folder, { recursive: true });
      }
    });
  }
});

/** A process that starts a node, says where it is, and lives on. Its temporary files go into `folder`. */
function runOwner(folder: string) {
  const source = `
    import { startRabbitMq } from ${JSON.stringify(new URL('./rabbitmq.js', import.meta.url).href)};
    const { url, pid } = await startRabbitMq();
    console.log(JSON.stringify({ url, pid }));
    setInterval(() => {}, 1000);`;
  const env = { ...process.env, TMPDIR: folder };
  const args = ['--input-type=module', '--eval', source];
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function withConnection<T>(url: string, use: (connection: ChannelModel) => Promise<T>): Promise<T> {
  const connection = await connect(url);
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

function publish(url: string, queue: string): Promise<void> {
  return withConnection(url, async (connection) => {
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { durable: true });
    channel.sendToQueue(queue, Buffer.from('1'), { persistent: true });
    await channel.waitForConfirms();
  });
}

function messageCount(url: string, queue: string): Promise<number> {
  return withConnection(url, async (connection) => {
    const channel = await connection.createChannel();
    channel.on('error', () => {}); // a missing queue is told by the rejection alone
    return (await channel.checkQueue(queue)).messageCount;
  });
}

function isListening(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
