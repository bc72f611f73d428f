import { BROKERS } from '../support/brokers.js';
import { dependenciesContract } from './dependencies.js';

for (const { name, url } of BROKERS) {
  describe(`dependencies on ${name}`, () => dependenciesContract(url));
}
