/** Takes messages that nobody waits for. `queue_client.py` sends them. */
import { QueueWorker } from 'bgtasks/compat';
import { connection } from './connection.js';

const worker = new QueueWorker(connection);

worker.route('a-queue')((data: string) => console.log(`data received ${data}`));

const stop = await worker.run();
console.log('Queue worker is running');
process.once('SIGTERM', () => void stop()); // finishes what runs
