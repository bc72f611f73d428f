/** Tells of two users, one of whom has no address. */
import { Service } from 'bgtasks';
import { settings } from './settings.js';

const accounts = new Service({ url: settings.AMQP_URI, serviceName: 'accounts' });
await accounts.emit('created', { id: 100, email: 'tom@example.org' }, { protocol: 'micro-framework' });
await accounts.emit('created', { id: 101, email: 'nowhere' }, { protocol: 'micro-framework' });
await accounts.close();
