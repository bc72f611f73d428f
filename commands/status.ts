/**
 * `bgtasks status [paths...]`: processes, queues, depth, consumers, rates.
 *
 * Shape:  workers say what they have run, twice, so that there is a rate; the broker says what their queues hold. Queues of
 *         modules that are named are shown also where nobody serves them: what waits there is what one looks for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import type { Broker } from '../lib/broker/broker.js';
import type { PresenceClient } from '../lib/clients/presence-client.js';
import { loadTasks } from '../lib/loader/load-tasks.js';
import type { PresenceAnswer, TaskStatus } from '../lib/protocols/presence.js';
import { queuesOf } from '../lib/worker/presence.js';
import { type AddCommand, type CommandContext, reporting, wholeNumber } from './command.js';
import { EXIT } from './exit.js';
import { table } from './output.js';
import { asking, duration, nobody, type RemoteFlags, serviceName, withRemoteOptions } from './remote.js';

interface StatusFlags extends RemoteFlags {
  readonly interval: number;
  readonly service?: string;
}

interface TaskRow {
  readonly service: string;
  readonly route: string;
  readonly kind: string;
  readonly queues: readonly string[];
  readonly deadQueue: string | undefined;
  workers: number;
  running: number;
  ended: number;
  failed: number;
  /** Runs that ended in a second; undefined where a process was not seen twice. */
  perSecond: number;
  /** Of all its queues; undefined where there are none. */
  waiting?: number | undefined;
  consumers?: number | undefined;
  dead?: number | undefined;
}

interface ProcessRow {
  readonly service: string;
  readonly host: string;
  readonly pid: number;
  readonly upMs: number;
  readonly rssBytes: number;
  readonly health: Readonly<Record<string, unknown>>;
}

const DEFAULT_INTERVAL_MS = 1000;

export const statusCommand: AddCommand = (program, context) => {
  const command = program
    .command('status')
    .description('show processes, queues, what waits in them, and rates; exit code 3 where nobody answers')
    .argument('[paths...]', 'task modules whose queues are shown also where nobody serves them')
    .option('--service <name>', 'of this service alone')
    .option('--interval <ms>', 'the time over which rates are taken', readInterval, DEFAULT_INTERVAL_MS);
  withRemoteOptions(command).action((paths: string[], flags: StatusFlags) =>
    reporting(context, async () => {
      if (paths.length > 0) await loadTasks(context.service, { paths });
      return asking(context, flags, (client) => status(context, client, flags));
    }),
  );
};

async function status(context: CommandContext, client: PresenceClient, flags: StatusFlags): Promise<number> {
  const { service, wait: waitMs, interval, json = false } = flags;
  const before = await client.ask('status', { service, waitMs });
  await sleep(Math.max(0, interval - waitMs)); // the second question takes its wait as well
  const askedAfterMs = Math.max(interval, waitMs);
  const after = await client.ask('status', { service, waitMs });
  const tasks = [...taskRows(before, after, askedAfterMs, localRows(context))];
  if (after.length === 0 && tasks.length === 0) return nobody(context, service, waitMs);
  const broker = context.service.internals.broker();
  if (broker) for (const row of tasks) await inspect(broker, row);
  const processes = after.map(processRow);
  if (json) context.output.out(`${JSON.stringify({ processes, tasks }, null, 2)}\n`);
  else context.output.out(`${processTable(processes)}\n${taskTable(tasks)}`);
  return after.length === 0 ? nobody(context, service, waitMs) : EXIT.done;
}

function processRow({ instance, status: own }: PresenceAnswer): ProcessRow {
  const { host, pid, startedAt } = instance;
  const { rssBytes = 0, health = {} } = own ?? {};
  return { service: serviceName(instance), host, pid, upMs: Math.max(0, Date.now() - startedAt), rssBytes, health };
}

/** Of the modules that were named. */
function localRows({ service }: CommandContext): readonly TaskRow[] {
  const { registry, peek } = service.internals;
  const { serviceName: own } = peek();
  return registry.all().map((task) => {
    const { route, kind } = task;
    return newRow(serviceName({ service: own }), { route, kind, ...queuesOf(task, own) });
  });
}

function newRow(service: string, task: Pick<TaskStatus, 'route' | 'kind' | 'queues' | 'deadQueue'>): TaskRow {
  const { route, kind, queues, deadQueue } = task;
  return { service, route, kind, queues, deadQueue, workers: 0, running: 0, ended: 0, failed: 0, perSecond: 0 };
}

function taskRows(
  before: readonly PresenceAnswer[],
  after: readonly PresenceAnswer[],
  betweenMs: number,
  known: readonly TaskRow[],
): Iterable<TaskRow> {
  const earlier = new Map(before.map((answer) => [answer.instance.id, answer.status?.tasks ?? []]));
  const rows = new Map(known.map((row) => [rowKey(row.service, row.route), row]));
  for (const { instance, status: own } of after) {
    const service = serviceName(instance);
    for (const task of own?.tasks ?? []) {
      const key = rowKey(service, task.route);
      const row = rows.get(key) ?? newRow(service, task);
      rows.set(key, row);
      const then = earlier.get(instance.id)?.find(({ route }) => route === task.route);
      add(row, task, then, betweenMs);
    }
  }
  return rows.values();
}

function add(row: TaskRow, now: TaskStatus, then: TaskStatus | undefined, betweenMs: number): void {
  row.workers += 1;
  row.running += now.running;
  row.ended += now.ended;
  row.failed += now.failed;
  if (then) row.perSecond += (Math.max(0, now.ended - then.ended) / betweenMs) * 1000;
}

function rowKey(service: string, route: string): string {
  return JSON.stringify([service, route]);
}

async function inspect(broker: Broker, row: TaskRow): Promise<void> {
  for (const queue of row.queues) {
    const found = await broker.inspect(queue);
    if (!found) continue;
    row.waiting = (row.waiting ?? 0) + found.messages;
    row.consumers = (row.consumers ?? 0) + found.consumers;
  }
  if (row.deadQueue !== undefined) row.dead = (await broker.inspect(row.deadQueue))?.messages;
}

function processTable(rows: readonly ProcessRow[]): string {
  const lines = rows.map(({ service, host, pid, upMs, rssBytes, health }) => {
    const state = health.blockedBy ? 'blocked' : health.consuming === true ? 'consuming' : 'not consuming';
    const memory = `${Math.round(rssBytes / 2 ** 20)} MB`;
    return [service, host, String(pid), duration(upMs), state, String(health.inFlight ?? '-'), memory];
  });
  return table(['SERVICE', 'HOST', 'PID', 'UP', 'STATE', 'RUNNING', 'MEMORY'], lines);
}

function taskTable(rows: readonly TaskRow[]): string {
  const lines = rows.map((row) => {
    const { service, route, kind, workers, running, failed, perSecond, waiting, consumers, dead } = row;
    const counts = [waiting, consumers, workers, running, perSecond.toFixed(1), failed, dead];
    return [route, kind, service, ...counts.map((count) => String(count ?? '-'))];
  });
  const numbers = ['WAITING', 'CONSUMERS', 'WORKERS', 'RUNNING', 'PER SECOND', 'FAILED', 'DEAD'];
  return table(['ROUTE', 'KIND', 'SERVICE', ...numbers], lines);
}

function readInterval(text: string): number {
  return wholeNumber('--interval', text, (message) => new InvalidArgumentError(message));
}
