/**
 * What the children of a pool load, so that they find the tasks of this process: the modules that were loaded as task
 * modules, else those of the setting `tasks`, else the program itself.
 */
import { findConfig, findTaskModules } from './find-modules.js';

export async function childModules(
  loaded: ReadonlySet<string>,
  tasks: readonly string[] | undefined,
  cwd: string = process.cwd(),
): Promise<readonly string[]> {
  if (loaded.size > 0) return [...loaded];
  if (tasks === undefined) return process.argv[1] === undefined ? [] : [process.argv[1]];
  const config = findConfig(cwd);
  return [...(config ? [config] : []), ...(await findTaskModules(tasks, cwd))];
}
