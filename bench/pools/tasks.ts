/** The task modules of `beside-cpu-work`: a short task, and one that takes the CPU for as long as it is told. */
import { rpcTask } from 'bgtasks';

const { BENCH_POOL = 'inline' } = process.env;

rpcTask(`beside-${BENCH_POOL}.short`)((body: unknown) => body);

rpcTask(`beside-${BENCH_POOL}.burn`, { pool: BENCH_POOL as 'inline' | 'process' })((ms) => {
  const until = performance.now() + Number(ms);
  while (performance.now() < until);
  return 'done';
});
