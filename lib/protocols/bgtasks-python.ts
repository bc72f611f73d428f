/**
 * bgtasks (Python): JSON in the queues and the exchange that its workers and clients declare.
 * A declaration that differs would end one of the two with 406.
 *
 * Jobs:   published to its topic exchange `default` under their routes. Its workers share a queue of that name, and end at a
 *         job that they do not know: ours have a queue each, and so each side gets its own copy of a job that both serve.
 */
import { json } from './json.js';
import { jsonWork } from './json-work.js';
import type { Protocol, WorkProtocol } from './protocol.js';

const { exchangeOf: _noEvents, ...jobs } = jsonWork;

const work: WorkProtocol = { ...jobs, jobExchange: { name: 'default', type: 'topic', durable: false } };

export const bgtasksPython: Protocol = {
  ...json,
  name: 'bgtasks-python',
  requestsOf: (route) => ({
    queue: route,
    declarations: [{ queue: { name: route, durable: false, arguments: {} } }],
  }),
  work,
};
