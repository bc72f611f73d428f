/** A worker of jobs for fault tests, with the settings of `echo.ts`: the effect is entered once the handler has waited. */
import { jobTask } from 'bgtasks';
import { Ledger } from '../../support/ledger.js';
import { pause } from '../../support/until.js';

const { BGTASKS_TEST_ROUTE: route = '', BGTASKS_TEST_LEDGER: path = '' } = process.env;
const ledger = new Ledger(path);

jobTask(route)(async ({ id }: { id: number }) => {
  await pause(20);
  ledger.effect(id);
});
