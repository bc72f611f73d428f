/** Answers calls with what its handlers give. `rpc_client.py` calls it. */
import { RPCWorker } from 'bgtasks/compat';
import { connection } from './connection.js';

const worker = new RPCWorker(connection);

worker.route('a-route')((data: string) => `data received ${data}`);
worker.route('another-route')(async (data: string) => data.length);

await worker.run();
console.log('RPC worker is running');
