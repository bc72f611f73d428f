import { BROKERS } from '../support/brokers.js';
import { workContract } from './work.js';

for (const { name, url } of BROKERS) describe(`jobs and events on ${name}`, () => workContract(url));
