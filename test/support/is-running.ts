/** Whether a process that is not a child of this one lives. */
import { readFile } from 'node:fs/promises';

/** An orphan that has ended stays a zombie where process 1 does not collect it, as in a plain container. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) [ZX] /.test(stat);
}
