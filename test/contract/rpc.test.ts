import { BROKERS } from '../support/brokers.js';
import { rpcContract } from './rpc.js';

for (const { name, url } of BROKERS) describe(`calls on ${name}`, () => rpcContract(url));
