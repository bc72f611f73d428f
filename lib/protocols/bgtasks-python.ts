/**
 * bgtasks (Python): JSON in the queue that its worker declares, which is neither durable nor has arguments.
 * A declaration that differs would end one of the two with 406.
 */
import { json } from './json.js';
import type { Protocol } from './protocol.js';

export const bgtasksPython: Protocol = {
  ...json,
  name: 'bgtasks-python',
  requestsOf: (route) => ({
    queue: route,
    declarations: [{ queue: { name: route, durable: false, arguments: {} } }],
  }),
  work: undefined,
};
