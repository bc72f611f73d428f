/** The recorded cases as they stand in the files beside this one. */
import { readFileSync } from 'node:fs';
import type { SerializerDescription } from './describe-serializer.js';

/** A case of `fields.json`. */
export interface FieldCase {
  readonly id: string;
  readonly field: string;
  readonly op: 'to_internal_value' | 'to_representation' | 'construct' | 'serializer_validate' | 'serializer_represent';
  readonly options?: Readonly<Record<string, unknown>>;
  readonly serializer?: SerializerDescription;
  readonly input?: unknown;
  readonly instance?: unknown;
  readonly context?: unknown;
  readonly partial?: boolean;
  readonly settings?: { readonly USE_TZ?: boolean; readonly TIME_ZONE?: string };
  readonly marks?: readonly string[];
  readonly note?: string;
  /** Exactly one of these. */
  readonly output?: unknown;
  readonly errors?: unknown;
  readonly raises?: { readonly type: string; readonly message: string };
}

/** The content of a file of recorded cases. Compiled tests stand in `dist`, the data does not. */
export function readCases<C>(name: string): readonly C[] {
  const url = new URL(`../../../test/conformance/data/${name}`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { cases: C[] }).cases;
}
