import { BROKERS } from '../support/brokers.js';
import { brokerContract } from './broker.js';
import { topologyContract } from './topology.js';

for (const { name, url } of BROKERS) {
  describe(`a broker: ${name}`, () => {
    brokerContract(url);
    topologyContract(url);
  });
}
