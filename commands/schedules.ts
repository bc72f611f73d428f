/** `bgtasks schedules [paths...]`: the schedules that the modules register, and when they fire next. */
import { loadTasks } from '../lib/loader/load-tasks.js';
import { ruleText, slotsOf } from '../lib/tasks/schedule-rule.js';
import type { TaskDefinition } from '../lib/tasks/task.js';
import { type AddCommand, reporting } from './command.js';
import { EXIT } from './exit.js';
import { table } from './output.js';

export const schedulesCommand: AddCommand = (program, context) => {
  program
    .command('schedules')
    .description('list the schedules that the modules register, and when they fire next')
    .argument('[paths...]', 'task modules: paths or globs')
    .option('--json', 'as JSON')
    .action((paths: string[], { json = false }: { json?: boolean }) =>
      reporting(context, async () => {
        await loadTasks(context.service, { paths: paths.length > 0 ? paths : undefined });
        const now = Date.now();
        const schedules = context.service.internals.registry.all().flatMap((task) => facts(task, now) ?? []);
        context.output.out(json ? `${JSON.stringify(schedules, null, 2)}\n` : scheduleTable(schedules));
        return EXIT.done;
      }),
    );
};

type Facts = NonNullable<ReturnType<typeof facts>>;

/**
 * The last firing is left out: only the leader sees the state queue. Reading it while nobody leads would count as a delivery,
 * and would keep a worker that starts meanwhile from its state.
 */
function facts({ route, schedule, description }: TaskDefinition, now: number) {
  if (!schedule) return undefined;
  const { rule, catchUp, perProcess } = schedule;
  const next = perProcess ? undefined : slotsOf(rule).next(now);
  return {
    name: route,
    rule: ruleText(rule),
    timeZone: 'cron' in rule ? rule.timeZone : 'UTC',
    next: next === undefined ? null : new Date(next).toISOString(),
    catchUp: perProcess ? null : catchUp,
    perProcess,
    description,
  };
}

function scheduleTable(schedules: readonly Facts[]): string {
  const rows = schedules.map(({ name, rule, timeZone, next, catchUp, description = '' }) => {
    return [name, rule, timeZone, next ?? 'in each process', catchUp ?? '', description];
  });
  return table(['NAME', 'RULE', 'TIME ZONE', 'NEXT', 'CATCH UP', 'DESCRIPTION'], rows);
}
