import { BROKERS } from '../support/brokers.js';
import { scheduleContract } from './schedules.js';

for (const { name, url } of BROKERS) {
  describe(`schedules on ${name}`, function () {
    this.timeout(30_000);
    scheduleContract(url);
  });
}
