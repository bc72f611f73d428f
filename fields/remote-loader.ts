/** What calls other services for remote fields: `bgtasks/serializers` installs it, as fields call nobody. */
import type { AnyKey } from '../lib/provider/remote-key.js';
import { usage } from './field.js';
import type { RemoteSlot } from './remote.js';
import type { Ctx } from './types.js';

/** A key that the other service has, as it has it; or why there is none. */
export type Found = { readonly key: AnyKey } | { readonly problem: 'does_not_exist' | 'timeout' | 'wrong_format' };

/** What a remote field needs of the layer that calls. */
export interface RemoteLoader {
  /**
   * The object of `key`, or a list of them where the field is `many`; alone, or with whatever else is asked for now. With
   * the `ctx` of a serializer, the remote fields of that object are left to its response.
   */
  load(field: RemoteSlot, key: unknown, ctx?: Ctx): Promise<unknown>;
  /** Which of `keys` the other service has, in their order; with whatever else is asked in the same run now. */
  find(field: RemoteSlot, keys: readonly AnyKey[], ctx: Ctx): Promise<readonly Found[]>;
}

let installed: RemoteLoader | undefined;

/** Called once by `bgtasks/serializers`: it knows how to call, fields do not. */
export function installRemoteLoader(loader: RemoteLoader): void {
  installed = loader;
}

export function remoteLoader(): RemoteLoader {
  if (!installed) throw usage('RemoteField: import "bgtasks/serializers", which is what calls other services.');
  return installed;
}
