import { BROKERS } from '../support/brokers.js';
import { middlewareContract } from './middleware.js';

for (const { name, url } of BROKERS) {
  describe(`middleware on ${name}`, () => middlewareContract(url));
}
