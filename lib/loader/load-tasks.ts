/** What `npx bgtasks tasks` serves: the config module first, then the task modules. */
import type { Service } from '../service/service.js';
import { findConfig, findTaskModules } from './find-modules.js';
import { loadModules } from './load-modules.js';

export interface LoadOptions {
  /** Paths or globs. Default: `tasks` of the settings, else the places where task modules usually stand. */
  readonly paths?: readonly string[] | undefined;
  /** Default: the working directory. */
  readonly cwd?: string | undefined;
}

/** The files of the task modules. Loading again does nothing: a module runs once per process. */
export function loadTasks(service: Service, { paths, cwd = process.cwd() }: LoadOptions = {}): Promise<string[]> {
  return service.internals.whileLoading(async () => {
    const config = findConfig(cwd);
    if (config) await loadModules([config]);
    const files = await findTaskModules(paths ?? service.internals.peek().tasks, cwd);
    await loadModules(files);
    for (const file of [...(config ? [config] : []), ...files]) service.internals.loadedModules.add(file);
    return files;
  });
}
