/** Takes messages that nobody waits for. `queue_client.py` sends them. */
import { QueueWorker } from 'bgtasks/compat';
import { connection } from './connection.js';

const worker = new QueueWorker(connection);

worker.route('a-queue')((data: string) => console.log(`data received ${data}`));

const running = worker.run();
process.once('SIGTERM', async () => (await running)()); // finishes what runs
await running;
console.log('Queue worker is running');
