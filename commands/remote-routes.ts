/** `bgtasks routes --remote`: what the running services serve, as they say themselves. */
import type { PresenceClient } from '../lib/clients/presence-client.js';
import type { PresenceAnswer, TaskInfo } from '../lib/protocols/presence.js';
import type { CommandContext } from './command.js';
import { EXIT } from './exit.js';
import { table } from './output.js';
import { nobody, type RemoteFlags, serviceName } from './remote.js';

/** A task of a service, and how many processes serve it. */
interface RemoteTask extends TaskInfo {
  readonly service: string;
  processes: number;
}

export async function showRemoteRoutes(
  context: CommandContext,
  client: PresenceClient,
  { wait: waitMs, json = false }: RemoteFlags,
): Promise<number> {
  const answers = await client.ask('tasks', { waitMs });
  if (answers.length === 0) return nobody(context, undefined, waitMs);
  const tasks = joined(answers);
  const rows = tasks.map(({ route, kind, service, processes, protocol, description = '' }) => {
    return [route, kind, service, String(processes), protocol, description];
  });
  const shown = table(['ROUTE', 'KIND', 'SERVICE', 'PROCESSES', 'PROTOCOL', 'DESCRIPTION'], rows);
  context.output.out(json ? `${JSON.stringify(tasks, null, 2)}\n` : shown);
  return EXIT.done;
}

/** Of processes that say different things of one task, as during a deployment, the first is shown. */
function joined(answers: readonly PresenceAnswer[]): readonly RemoteTask[] {
  const found = new Map<string, RemoteTask>();
  for (const { instance, tasks = [] } of answers) {
    const service = serviceName(instance);
    for (const task of tasks) {
      const key = JSON.stringify([service, task.route]);
      const known = found.get(key);
      if (known) known.processes += 1;
      else found.set(key, { service, processes: 1, ...task });
    }
  }
  return [...found.values()];
}
