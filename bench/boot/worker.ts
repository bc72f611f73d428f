/** `worker.js <file of a peer> <its id> <url> <routes>` serves that many routes by hand, as `bgtasks tasks` does. */
import { peerOf } from '../messaging/find-peers.js';

const [, , file = '', id = '', url = '', routes = '1'] = process.argv;
const peer = await peerOf(file, id);
const names = Array.from({ length: Number(routes) }, (_, i) => `boot-${routes}.task-${i}`);
await peer.serve?.(url, Object.fromEntries(names.map((name) => [name, (body: unknown) => body])));
console.log('Serving');
