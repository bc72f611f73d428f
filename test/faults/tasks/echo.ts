/**
 * A worker for fault tests. Settings of its own come from the environment: `BGTASKS_TEST_ROUTE`, and the path of a ledger
 * in `BGTASKS_TEST_LEDGER`.
 *
 * Shape: the body is `{ id, waitMs?, blockMs? }`: the effect is entered, then the handler waits or blocks, then it answers
 *        with the id and its process. A delivery that comes again, as its worker was killed, does not wait.
 */
import { rpcTask } from 'bgtasks';
import { Ledger } from '../../support/ledger.js';
import { pause } from '../../support/until.js';

interface Body {
  readonly id: string | number;
  readonly waitMs?: number;
  readonly blockMs?: number;
}

const { BGTASKS_TEST_ROUTE: route = '', BGTASKS_TEST_LEDGER: path = '' } = process.env;
const ledger = new Ledger(path);

rpcTask(route)(async ({ id, waitMs = 0, blockMs = 0 }: Body, { redelivered }) => {
  ledger.effect(id);
  if (waitMs > 0 && !redelivered) await pause(waitMs);
  for (const end = Date.now() + blockMs; Date.now() < end; );
  return { id, pid: process.pid };
});
