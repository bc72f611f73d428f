/** 'bgtasks/typeorm': what needs TypeORM at run time, an optional peer. */
export type { RemoteColumnOptions, RemoteKey } from '../../remote-column.js';
export { RemoteColumn, type RemoteColumnSettings } from './remote-column.js';
