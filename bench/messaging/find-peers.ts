/** The peers that there are: every file in `peers/messaging/`. */
import { readdir } from 'node:fs/promises';
import type { MessagingPeer } from './peer.js';

const FOLDER = new URL('../peers/messaging/', import.meta.url);

export interface FoundPeer {
  /** What a child process imports. */
  readonly file: string;
  readonly peer: MessagingPeer;
}

/** The limit comes first: `raw-amqplib.js`. */
export async function findPeers(): Promise<readonly FoundPeer[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.js'));
  const found = await Promise.all(names.sort(limitFirst).map((name) => peersOf(new URL(name, FOLDER).href)));
  return found.flat();
}

export async function peerOf(file: string, id: string): Promise<MessagingPeer> {
  const found = (await peersOf(file)).find(({ peer }) => peer.id === id);
  if (!found) throw new Error(`No peer "${id}" in ${file}.`);
  return found.peer;
}

async function peersOf(file: string): Promise<readonly FoundPeer[]> {
  const { peers } = (await import(file)) as { peers: readonly MessagingPeer[] };
  return peers.map((peer) => ({ file, peer }));
}

function limitFirst(one: string, other: string): number {
  const place = (name: string) => ['raw-amqplib.js', 'bgtasks.js', name].indexOf(name);
  return place(one) - place(other) || one.localeCompare(other);
}
