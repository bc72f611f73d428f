/** A worker from spawn to consuming, and what it holds a second later. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FoundPeer } from '../messaging/find-peers.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));
const TASKS = fileURLToPath(new URL('./tasks.js', import.meta.url));
/** What the `bin` of the installed package names. */
export const BIN = fileURLToPath(new URL('../../node_modules/bgtasks/dist/commands/bin.js', import.meta.url));
const SETTLE_MS = 500;

/** Milliseconds until it serves, megabytes it then has. `undefined` where the system does not tell. */
export interface Boot {
  readonly ms: number;
  readonly rss: number | undefined;
}

export function bootByHand({ file, peer }: FoundPeer, url: string, routes: number): Promise<Boot> {
  return boot([WORKER, file, peer.id, url, String(routes)], {});
}

/** The command itself, as users run it. */
export function bootCommand(url: string, routes: number): Promise<Boot> {
  return boot([BIN, 'tasks', TASKS, '--url', url], { BENCH_ROUTES: String(routes) });
}

async function boot(args: readonly string[], env: Record<string, string>): Promise<Boot> {
  const startedAt = performance.now();
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, args, { stdio: [...stdio], env: { ...process.env, ...env } });
  const ended = once(child, 'exit');
  try {
    for await (const text of child.stdout) if (String(text).includes('Serving')) break;
    const ms = performance.now() - startedAt;
    if (child.exitCode !== null) throw new Error(`The worker ended with ${child.exitCode}.`);
    await sleep(SETTLE_MS);
    return { ms, rss: await megabytesOf(child.pid) };
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

async function megabytesOf(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}
