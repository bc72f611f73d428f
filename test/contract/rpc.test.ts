import { BROKERS } from '../support/brokers.js';
import { callsContract } from './calls.js';
import { rpcContract } from './rpc.js';

for (const { name, url } of BROKERS) {
  describe(`calls on ${name}`, () => {
    rpcContract(url);
    callsContract(url);
  });
}
