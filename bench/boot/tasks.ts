/** The task module that `bgtasks tasks` loads: `BENCH_ROUTES` routes. */
import { rpcTask } from 'bgtasks';

const { BENCH_ROUTES = '1' } = process.env;
for (let i = 0; i < Number(BENCH_ROUTES); i += 1) rpcTask(`boot-${BENCH_ROUTES}.task-${i}`)((body: unknown) => body);
