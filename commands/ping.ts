/** `bgtasks ping [service]`: which processes are there. */
import type { PresenceClient } from '../lib/clients/presence-client.js';
import { type AddCommand, type CommandContext, reporting } from './command.js';
import { EXIT } from './exit.js';
import { table } from './output.js';
import { asking, duration, nobody, type RemoteFlags, serviceName, withRemoteOptions } from './remote.js';

export const pingCommand: AddCommand = (program, context) => {
  const command = program
    .command('ping')
    .description('list the processes that answer; exit code 3 where none does')
    .argument('[service]', 'the name of a service (default: all)');
  withRemoteOptions(command).action((service: string | undefined, flags: RemoteFlags) =>
    reporting(context, () => asking(context, flags, (client) => ping(context, client, service, flags))),
  );
};

async function ping(
  context: CommandContext,
  client: PresenceClient,
  service: string | undefined,
  { wait: waitMs, json = false }: RemoteFlags,
): Promise<number> {
  const answers = await client.ask('ping', { service, waitMs });
  const instances = answers.map(({ instance }) => instance);
  if (instances.length === 0) return nobody(context, service, waitMs);
  const rows = instances.map((instance) => {
    const { host, pid, version, node, startedAt } = instance;
    return [serviceName(instance), host, String(pid), duration(Date.now() - startedAt), version, node];
  });
  const shown = table(['SERVICE', 'HOST', 'PID', 'UP', 'BGTASKS', 'NODE'], rows);
  context.output.out(json ? `${JSON.stringify(instances, null, 2)}\n` : shown);
  return EXIT.done;
}
