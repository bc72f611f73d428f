/**
 * Whether written keys exist: the keys of a whole input are asked for by one call per route.
 *
 * Shape:  remote fields ask while the input is read, wherever they stand in it; when everything that can be read has
 *         been, each group (route, key, merge key, params) is sent once, its keys distinct. Only keys are asked for
 *         (`fields`), where the field's requests are objects; a bare list has no room for that. What is found is the key as the
 *         other service has it: `7` for `'7'`.
 * Errors: a service that cannot be had is the problem `timeout`; nobody there, an answer that cannot be read or a task
 *         that failed is `wrong_format`, and the log has the error. Anything else is thrown on: a bug, a usage error, a
 *         call that its own caller aborted.
 */
import { loaderFor } from '../../fields/related-loader.js';
import { RemoteSlot } from '../../fields/remote.js';
import type { Found } from '../../fields/remote-loader.js';
import type { Ctx } from '../../fields/types.js';
import { type BgTasksError, type ErrorCode, messageOf, ServiceUnavailableError } from '../../lib/errors.js';
import type { AnyKey } from '../../lib/provider/remote-key.js';
import { type Wish, widest } from '../../lib/remote/gathering.js';
import { type KeyId, keyId } from '../../lib/remote/key-id.js';
import { KeyMap, type Rows } from '../../lib/remote/key-map.js';
import { Run } from '../run.js';
import { Scope } from '../scope.js';
import { remoteFieldsOf, type ServiceLike, serviceOf } from '../service.js';
import { fetchRows } from './fetch.js';
import { wishOf } from './plan.js';
import type { RemoteDefaults } from './policy.js';
import { currentBatch } from './waves.js';

interface Question {
  readonly field: RemoteSlot;
  readonly keys: readonly AnyKey[];
  readonly defaults: RemoteDefaults;
}

/** Questions that go in one request. */
interface Group {
  readonly questions: Question[];
  readonly keys: KeyMap<AnyKey>;
}

type Problem = Extract<Found, { problem: unknown }>['problem'];
type Answer = { readonly rows: Rows } | { readonly problem: Problem } | { readonly error: unknown };

/** One place for all fields of a run, so that they share calls. */
const PLACE = {};

/** No key is longer; what is, is in no database, and is not sent there. Characters. */
const MAX_KEY_LENGTH = 1000;

export async function findKeys(field: RemoteSlot, keys: readonly AnyKey[], ctx: Ctx): Promise<readonly Found[]> {
  const loader = loaderFor(ownerOf(ctx), PLACE, () => askAll);
  const answer = await loader.load({ field, keys, defaults: defaultsOf(ctx) });
  if ('error' in answer) throw answer.error;
  return keys.map((key) => foundIn(field, key, answer));
}

/** Hand-written serializers have no run of ours; those with the mixin have a batch. */
function ownerOf(ctx: Ctx): Ctx {
  if (ctx instanceof Run || ctx instanceof Scope) return ctx;
  return (currentBatch()?.batch as object | undefined as Ctx | undefined) ?? ctx;
}

function foundIn({ keys }: RemoteSlot, key: AnyKey, answer: Exclude<Answer, { error: unknown }>): Found {
  const id = keyId(key);
  if (isTooLong(id)) return { problem: 'does_not_exist' };
  if ('problem' in answer) return answer;
  const found = keys.ofRow(answer.rows.get(id));
  return found === undefined ? { problem: 'does_not_exist' } : { key: found };
}

function isTooLong(id: KeyId): boolean {
  return typeof id === 'string' && id.length > MAX_KEY_LENGTH;
}

/** Those of the class that the field stands in, over those of the root. */
function defaultsOf(ctx: Ctx): RemoteDefaults {
  if (ctx instanceof Scope) return { ...ctx.run.defaults, ...ctx.remote, ...serviceOnly(ctx.run.defaults) };
  return ctx instanceof Run ? ctx.defaults : (currentBatch()?.defaults ?? {});
}

/** One service sends for a whole response or input: the root's. */
function serviceOnly({ service }: RemoteDefaults): RemoteDefaults {
  return service ? { service } : {};
}

async function askAll(questions: readonly Question[]): Promise<readonly Answer[]> {
  const groups = new Map<string, Group>();
  const places = questions.map((question) => placed(groups, question));
  const answers = new Map<Group, Answer>();
  await Promise.all(Array.from(groups.values(), async (group) => void answers.set(group, await ask(group))));
  return places.map((group) => answers.get(group) as Answer);
}

function placed(groups: Map<string, Group>, question: Question): Group {
  const { field, keys } = question;
  const { key, params, mergeKey = 'id' } = field.options;
  const name = JSON.stringify([field.route, key ?? null, mergeKey, params ?? null]);
  let group = groups.get(name);
  if (!group) {
    group = { questions: [], keys: new KeyMap() };
    groups.set(name, group);
  }
  group.questions.push(question);
  for (const each of keys) {
    const id = keyId(each);
    if (!isTooLong(id) && !group.keys.has(id)) group.keys.set(id, each);
  }
  return group;
}

async function ask({ questions, keys }: Group): Promise<Answer> {
  const [{ field, defaults }] = questions as [Question];
  const service = serviceOf(defaults.service);
  if (keys.size === 0) return { rows: new KeyMap() };
  try {
    return { rows: await fetchRows(service, keysOnly(questions), keys, limitsOf(questions, service)) };
  } catch (error) {
    const problem = problemOf(error);
    if (!problem) return { error };
    const reason = `Keys of "${field.route}" could not be checked: ${messageOf(error)}`;
    service.settings?.logger?.warn({ route: field.route, err: error }, reason);
    return { problem };
  }
}

/** A field that asks for keys alone, where one of those who ask sends an object anyway. */
function keysOnly(questions: readonly Question[]): RemoteSlot {
  const [{ field }] = questions as [Question];
  const { key, params, mergeKey } = field.options;
  const isObject = questions.some(({ field: { options } }) => options.fields ?? options.params ?? options.key);
  return new RemoteSlot({
    route: field.route,
    ...(key !== undefined && { key }),
    ...(params !== undefined && { params }),
    ...(mergeKey !== undefined && { mergeKey }),
    ...(isObject && { fields: field.keys.names as readonly never[] }),
  });
}

/** As patient as the most patient, in requests as small as the smallest. */
function limitsOf(questions: readonly Question[], service: ServiceLike): Wish {
  const { settings } = remoteFieldsOf(service);
  return questions.map(({ field, defaults }) => wishOf(field, defaults, settings)).reduce(widest);
}

const UNUSABLE: ReadonlySet<ErrorCode> = new Set(['NO_ROUTE', 'BAD_REPLY', 'REMOTE_ERROR', 'TASK_FAILURE']);
const AWAY: ReadonlySet<ErrorCode> = new Set([
  'RPC_TIMEOUT',
  'CONNECTION_FAILED',
  'CONNECTION_LOST',
  'SERVICE_STOPPING',
]);

/** By code as well: the error may be of another copy of the package. */
function problemOf(error: unknown): Problem | undefined {
  const { code } = (error ?? {}) as Partial<BgTasksError>;
  if (code === undefined) return undefined;
  if (UNUSABLE.has(code)) return 'wrong_format';
  return AWAY.has(code) || error instanceof ServiceUnavailableError ? 'timeout' : undefined;
}
