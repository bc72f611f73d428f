/**
 * Which requests a wave needs: the sites of one pass, grouped by what can go together.
 *
 * Shape:  one group per (route, key, fields, params, merge key), its keys distinct by their id with the value that
 *         came first. Policies and serializers do not part groups: they belong to the slot.
 */
import type { RemoteSlot } from '../../fields/remote.js';
import type { AnyKey, KeyId } from '../../lib/provider/remote-key.js';
import type { SiteList } from '../run.js';
import { keysOf } from './missing.js';
import { longest, MAX_BATCH } from './policy.js';

export interface Group {
  /** Any field of the group: they agree in what is sent. */
  readonly field: RemoteSlot;
  readonly lists: SiteList[];
  readonly keys: Map<KeyId, unknown>;
  maxBatch: number;
  /** The longest that a slot of the group is willing to wait; undefined where one leaves it to the service. */
  timeoutMs: number | undefined;
}

export function planWave(lists: Iterable<SiteList>): Group[] {
  const groups = new Map<string, Group>();
  for (const list of lists) {
    if (list.targets.length > 0) add(groups, list);
  }
  return [...groups.values()];
}

function add(groups: Map<string, Group>, list: SiteList): void {
  const { field, defaults } = list;
  const timeoutMs = field.options.timeoutMs ?? defaults.timeoutMs;
  const maxBatch = defaults.maxBatch ?? MAX_BATCH;
  let group = groups.get(field.group);
  if (group) {
    group.timeoutMs = longest(group.timeoutMs, timeoutMs);
    group.maxBatch = Math.min(group.maxBatch, maxBatch);
  } else {
    group = { field, lists: [], keys: new Map(), maxBatch, timeoutMs };
    groups.set(field.group, group);
  }
  group.lists.push(list);
  for (const value of list.keys) addKeys(group.keys, field, value);
}

function addKeys(keys: Map<KeyId, unknown>, field: RemoteSlot, value: unknown): void {
  if (!field.isMany) addKey(keys, field, field.keys.of(value));
  else for (const key of keysOf(field, value)) addKey(keys, field, key);
}

function addKey(keys: Map<KeyId, unknown>, field: RemoteSlot, key: AnyKey | undefined): void {
  if (key === undefined) return;
  const id = field.keys.id(key);
  if (!keys.has(id)) keys.set(id, key);
}
