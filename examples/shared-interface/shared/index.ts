import './connection.js';

export { remote, serve, service } from 'bgtasks';
export { Stuff, stuff } from './stuff.js';
