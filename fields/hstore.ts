/** An object of texts: an `hstore` column of PostgreSQL. */
import { CharField } from './char.js';
import { DictField, type DictOptions } from './dict.js';
import { usage } from './field.js';
import type { AnyField, NoOptions } from './types.js';

type AnyText = CharField<{ readonly allowBlank: true; readonly allowNull: true }>;

/** Values are texts, `''` and null; a `child`, if any, is a kind of `CharField`. */
export class HStoreField<C extends AnyField = AnyText, const P extends DictOptions = NoOptions> extends DictField<
  C,
  P
> {
  static override readonly optionNames: readonly string[] = [];

  constructor(options?: P & { readonly child?: C }) {
    const child = options?.child ?? new CharField({ allowBlank: true, allowNull: true });
    if (!(child instanceof CharField)) throw usage('HStoreField: its "child" is a CharField, as it holds texts alone.');
    super({ ...options, child } as unknown as P & { readonly child: C });
  }
}
