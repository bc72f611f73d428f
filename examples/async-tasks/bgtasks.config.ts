import { configure } from 'bgtasks';

// In production `callerSecret` as well: then nobody else can send a caller.
configure({ serviceName: 'users', withAsync: true, tasks: ['*.tasks.ts'] });
