/** The field of a column that `@RemoteColumn` declared: a remote field that takes no key its column could not hold. */
import { RemoteSlot } from '../../fields/remote.js';
import type { RemoteOptions } from '../../fields/remote-types.js';
import type { FieldOptions } from '../../fields/types.js';
import type { AnyKey } from '../../lib/provider/remote-key.js';
import type { RemoteColumnOptions } from '../../lib/remote/column.js';
import type { ColumnInfo } from './column-info.js';

/** `options` are those that follow from the column, and the user's over them. */
export function remoteColumnField(column: ColumnInfo, remote: RemoteColumnOptions, options: FieldOptions): RemoteSlot {
  return new RemoteColumnField(column, { ...remote, ...options } as RemoteOptions<never>);
}

class RemoteColumnField extends RemoteSlot {
  readonly #holds: (key: AnyKey) => boolean;

  constructor(column: ColumnInfo, options: RemoteOptions<never>) {
    super(options);
    this.#holds = holder(column);
  }

  protected override readKey(data: unknown): AnyKey | undefined {
    const key = super.readKey(data);
    return key !== undefined && this.#holds(key) ? key : undefined;
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Without it, the database would refuse the whole statement, and the caller would hear of an error of the server. */
function holder({ kind, range, maxLength = Number.POSITIVE_INFINITY }: ColumnInfo): (key: AnyKey) => boolean {
  switch (kind) {
    case 'integer':
    case 'bigint':
      return (key) => isInteger(String(key)) && isWithin(BigInt(key as number), range);
    case 'uuid':
      return (key) => UUID.test(String(key));
    case 'text':
      return (key) => String(key).length <= maxLength && !String(key).includes('\0') && String(key).isWellFormed();
    default:
      return () => true;
  }
}

function isInteger(text: string): boolean {
  return /^-?\d{1,20}$/.test(text);
}

function isWithin(value: bigint, range: ColumnInfo['range']): boolean {
  const { min, max } = range ?? { min: -(2n ** 63n), max: 2n ** 63n - 1n };
  return value >= min && value <= max;
}
