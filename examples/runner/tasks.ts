/** What runs: functions that know nothing of routes and queues. */
import { dependency, type TaskContext, type WebSocketClient, webSocketClient } from 'bgtasks';
import { settings } from './settings.js';

export interface User {
  id: number;
  email: string;
}

/** In micro_framework: `WebSocketRPCClient('127.0.0.1', 8765)`. */
export const sockets = dependency({
  setup: () => webSocketClient('127.0.0.1', settings.WEBSOCKET_PORT),
  close: (client) => client.close(),
});

export function welcome({ email }: User, { attempt }: TaskContext) {
  if (!email.includes('@')) throw new TypeError(`no address: ${email} (attempt ${attempt})`);
  console.log(`welcome, ${email}`);
}

/** After the last attempt of `welcome`, with the body and what went wrong. */
export function giveUp({ id }: User, { failure }: TaskContext) {
  console.log(`user ${id} is not welcomed: ${failure?.message}`);
}

export function congratulate({ email }: User) {
  console.log(`you are the hundredth, ${email}`);
}

export function join(arg1: string, arg2: string) {
  return `${arg1} - ${arg2}`;
}

export async function ask(_tick: unknown, { deps }: TaskContext<{ sockets: WebSocketClient }>) {
  console.log('the WebSocket says', await deps.sockets.join('argument1', 'argument2'));
}
