/**
 * The catalogue as a service: it serves no tasks, it calls those of others. It has a `Service` of its own because the
 * image service, in the same process by default, is the one behind `rpcTask` and `configure`.
 */
import { Service } from 'bgtasks';
import { database } from './database.js';

export const catalogue = new Service({
  serviceName: 'catalogue',
  dataSource: database,
  // Nobody waits a minute, the default, for a page.
  rpcTimeoutMs: 5_000,
});
