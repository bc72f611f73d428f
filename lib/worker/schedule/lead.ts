/** A schedule of the registry gets its leader, beside the consumer of its runs. */
import type { Consumer } from '../../broker/broker.js';
import type { TaskDefinition } from '../../tasks/task.js';
import { topologyOf, workProtocolOf } from '../work-source.js';
import type { WorkerParts } from '../worker.js';
import { Leader } from './leader.js';

export async function lead({ broker, settings }: WorkerParts, task: TaskDefinition, runs: Consumer): Promise<Consumer> {
  const { serviceName, maxBodyBytes, logger } = settings;
  const { schedule, route } = task;
  if (!schedule) return runs;
  const work = workProtocolOf(task);
  const leader = new Leader({
    broker,
    topology: topologyOf(task, serviceName),
    rule: schedule.rule,
    catchUp: schedule.catchUp,
    encode: (at, messageId) => work.encode({ route, body: { at }, messageId, caller: {} }, maxBodyBytes),
    id: `${serviceName}.${route}`,
    log: logger,
  });
  await leader.start();
  return {
    cancel: async () => {
      await Promise.all([leader.stop(), runs.cancel()]);
    },
  };
}
