/**
 * Which requests a wave needs: the sites of one pass, grouped by what can go together.
 *
 * Shape:  one group per (route, key, fields, params, merge key), its keys distinct by `keyId` with the value that
 *         came first. Policies and serializers do not part groups: they belong to the slot.
 */
import type { RemoteSlot } from '../../fields/remote.js';
import type { AnyKey } from '../../lib/provider/remote-key.js';
import { type Wish, widest } from '../../lib/remote/gathering.js';
import { keyId } from '../../lib/remote/key-id.js';
import { KeyMap } from '../../lib/remote/key-map.js';
import type { RemoteFieldsSettings } from '../../lib/remote/settings.js';
import type { SiteList } from '../run.js';
import { keysOf } from './missing.js';
import type { RemoteDefaults } from './policy.js';

export interface Group {
  /** Any field of the group: they agree in what is sent. */
  readonly field: RemoteSlot;
  readonly lists: SiteList[];
  readonly keys: KeyMap<unknown>;
  /** Of all slots together: as patient as the most patient, in requests as small as the smallest. */
  wish: Wish;
}

export function planWave(lists: Iterable<SiteList>, settings: RemoteFieldsSettings): Group[] {
  const groups = new Map<string, Group>();
  for (const list of lists) {
    if (list.targets.length > 0) add(groups, list, settings);
  }
  return [...groups.values()];
}

function add(groups: Map<string, Group>, list: SiteList, settings: RemoteFieldsSettings): void {
  const { field, defaults } = list;
  const wish = wishOf(field, defaults, settings);
  let group = groups.get(field.group);
  if (group) {
    group.wish = widest(group.wish, wish);
  } else {
    group = { field, lists: [], keys: new KeyMap(), wish };
    groups.set(field.group, group);
  }
  group.lists.push(list);
  for (const value of list.keys) addKeys(group.keys, field, value);
}

/** What a field is willing to wait, and how large its requests may be. */
export function wishOf({ options }: RemoteSlot, defaults: RemoteDefaults, settings: RemoteFieldsSettings): Wish {
  return {
    timeoutMs: options.timeoutMs ?? defaults.timeoutMs ?? settings.timeoutMs,
    maxBatch: defaults.maxBatch ?? settings.maxBatch,
  };
}

function addKeys(keys: KeyMap<unknown>, field: RemoteSlot, value: unknown): void {
  if (!field.isMany) addKey(keys, field.keys.of(value));
  else for (const key of keysOf(field, value)) addKey(keys, key);
}

function addKey(keys: KeyMap<unknown>, key: AnyKey | undefined): void {
  if (key === undefined) return;
  const id = keyId(key);
  if (!keys.has(id)) keys.set(id, key);
}
