/**
 * A cluster of its own in a folder of its own: made, started, stopped without a trace.
 *
 * A shell stands between the test process and the server. It waits for the end of its input, which comes however the
 * test process ends (exit, SIGINT, SIGKILL); then it stops the server and removes the folder.
 *
 * PostgreSQL refuses to run as root, so then all of it runs as the user `postgres`, who owns the folder.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePort } from '../rabbitmq/installed.js';

const START_TIMEOUT_MS = 30_000;

const SHELL = `
"$BIN/postgres" -D "$FOLDER/data" -p "$PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \\
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c logging_collector=off </dev/null &
server=$!
cat >/dev/null
kill -INT $server
wait $server
rm -rf "$FOLDER"
`;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export class PostgresCluster {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(
    readonly port: number,
    child: ChildProcess,
  ) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** For `new DataSource({ type: 'postgres', ... })`. */
  get options() {
    return {
      type: 'postgres',
      host: '127.0.0.1',
      port: this.port,
      username: 'postgres',
      database: 'postgres',
    } as const;
  }

  static async start(bin: string): Promise<PostgresCluster> {
    const owner = process.getuid?.() === 0 ? await userPostgres() : undefined;
    const folder = await mkdtemp(join(tmpdir(), 'bgtasks-postgres-'));
    try {
      if (owner) await chown(folder, owner.uid, owner.gid);
      const args = [
        '-D',
        join(folder, 'data'),
        '-U',
        'postgres',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--no-locale',
        '--no-sync',
      ];
      await promisify(execFile)(join(bin, 'initdb'), args, { ...owner, cwd: folder });
      return await PostgresCluster.#run(bin, folder, owner);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  static async #run(bin: string, folder: string, owner: Owner | undefined): Promise<PostgresCluster> {
    const port = await freePort();
    const env = { PATH: process.env.PATH ?? '', BIN: bin, FOLDER: folder, PORT: String(port), LC_ALL: 'C' };
    // In a process group of its own: Ctrl-C must not end the server before the test that uses it.
    const child = spawn('/bin/sh', ['-c', SHELL], { ...owner, cwd: folder, env, detached: true, stdio: 'pipe' });
    const cluster = new PostgresCluster(port, child);
    await isReady(child);
    // A cluster that somebody forgot must not keep the test process alive.
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
    return cluster;
  }

  /** The way of a cluster whose test process was killed. Twice is harmless. */
  async stop(): Promise<void> {
    this.#child.ref();
    this.#child.stdin?.end();
    await this.#ended;
  }
}

function isReady(child: ChildProcess): Promise<void> {
  const output: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      child.stdin?.end();
      reject(new Error([`PostgreSQL did not start: ${reason}`, ...output].join('\n')));
    };
    const timer = setTimeout(() => fail(`not ready within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    child.once('close', () => fail('it ended'));
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      if (output.length < 100) output.push(line);
      if (!line.includes('ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

async function userPostgres(): Promise<Owner> {
  const users = await readFile('/etc/passwd', 'utf8');
  const [, , uid, gid] =
    users
      .split('\n')
      .find((line) => line.startsWith('postgres:'))
      ?.split(':') ?? [];
  if (uid === undefined || gid === undefined)
    throw new Error('PostgreSQL does not run as root, and there is no user "postgres".');
  return { uid: Number(uid), gid: Number(gid) };
}
