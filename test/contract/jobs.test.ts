import { BROKERS } from '../support/brokers.js';
import { jobsContract } from './jobs.js';

for (const { name, url } of BROKERS) describe(`jobs, beyond running, on ${name}`, () => jobsContract(url));
