/** 'bgtasks/typeorm': what needs TypeORM at run time, an optional peer. */
export type { RemoteColumnOptions, RemoteKey } from '../../remote/column.js';
export { InboxMessage, OutboxMessage } from './entities.js';
export { entityManager } from './entity-manager.js';
export { type InTransactionOptions, inTransaction } from './inbox.js';
export { RemoteColumn, type RemoteColumnSettings } from './remote-column.js';
