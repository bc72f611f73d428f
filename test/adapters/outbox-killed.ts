/** A process that is killed right after its commit, or before it: `outbox-killed.js <port of PostgreSQL> <route> <when>`. */
import { jobTask, service } from 'bgtasks';
import { DataSource } from 'typeorm';
import { ENTITIES, Order } from './outbox-ground.js';

const [, , port, route = '', when] = process.argv;
const dataSource = new DataSource({
  type: 'postgres',
  host: '127.0.0.1',
  port: Number(port),
  username: 'postgres',
  database: 'postgres',
  entities: ENTITIES,
});
await dataSource.initialize();
service.configure({ url: 'amqp://127.0.0.1:1/', dataSource, outbox: true });
const job = jobTask(route)(() => {});
await dataSource.transaction(async (manager) => {
  await manager.insert(Order, { text: when ?? '' });
  await job.enqueue(when, { manager, messageId: `killed ${when} the commit` });
  if (when === 'before') process.kill(process.pid, 'SIGKILL');
});
process.kill(process.pid, 'SIGKILL');
