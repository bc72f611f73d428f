/**
 * What a service of micro_framework tells of itself: `__list_targets__` and `__get_target__`, asked under
 * `<service>._broadcast.*`.
 *
 * Shape:  `{ target, args, kwargs, docstring }` per target: the names of its arguments are the option `params`, where a last
 *         `?` marks one that may be left out (`kwargs`); the text is the `description`.
 */
import { BgTasksError } from '../../errors.js';
import type { TaskDefinition } from '../../tasks/task.js';
import { BROADCAST, partsOf } from './micro-framework.js';

export interface Target {
  readonly target: string;
  readonly args: readonly string[];
  readonly kwargs: readonly string[];
  readonly docstring: string | null;
}

/** The task that answers for the service of `task`; undefined where it needs none. */
export function discoveryOf(task: TaskDefinition, tasks: () => readonly TaskDefinition[]): TaskDefinition | undefined {
  if (task.kind !== 'rpc' || task.options.protocol !== 'micro-framework') return undefined;
  const { service, target } = partsOf(task.route);
  if (target === BROADCAST) return undefined;
  return {
    kind: 'rpc',
    route: `${service}.${BROADCAST}`,
    description: 'Lists the targets of the service for callers of micro_framework.',
    options: { protocol: 'micro-framework', pool: 'inline' }, // it tells of the registry of this process
    place: task.place,
    handler: (body) =>
      answer(
        body,
        tasks().flatMap((each) => targetOf(each, service) ?? []),
      ),
  };
}

function targetOf({ kind, route, options, description }: TaskDefinition, service: string): Target | undefined {
  if (kind !== 'rpc' || options.protocol !== 'micro-framework') return undefined;
  const { service: owner, target } = partsOf(route);
  if (owner !== service || target === BROADCAST) return undefined;
  const { params = [] } = options;
  const isOptional = (param: string) => param.endsWith('?');
  const kwargs = params.filter(isOptional).map((param) => param.slice(0, -1));
  return { target, args: params.filter((param) => !isOptional(param)), kwargs, docstring: description ?? null };
}

function answer(body: unknown, targets: readonly Target[]): readonly Target[] | Target {
  const [command, name] = (body as { readonly args: readonly unknown[] }).args;
  if (command === '__list_targets__') return targets;
  const found = targets.find(({ target }) => target === name);
  if (found) return found;
  // As Python says it: the name alone, quoted.
  throw Object.assign(new BgTasksError('USAGE', `'${String(name)}'`), { code: 'KeyError' });
}
