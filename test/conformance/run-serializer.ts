/**
 * One operation on one serializer of the recorded cases, and what came of it in the form of the record.
 *
 * Shape:  `{ output, data? }`, `{ errors }`, or `{ raises }` with whatever was thrown.
 */
import { isValidationError } from '../../fields/refusal.js';
import type { ErrorTree } from '../../lib/validation-error.js';
import { camelCase } from './describe-field.js';
import type { SerializerType } from './describe-serializer.js';

export interface SerializerCase {
  readonly op: string;
  readonly many?: boolean;
  readonly list_options?: Readonly<Record<string, unknown>>;
  readonly partial?: boolean;
  readonly allow_null?: boolean;
  readonly with_data?: boolean;
  readonly context?: Record<string, unknown>;
}

export interface Result {
  readonly output?: unknown;
  readonly data?: unknown;
  readonly errors?: ErrorTree;
  readonly raises?: unknown;
}

/** What is given to `new Type(...)`: the input and the row, both native. */
export interface Given {
  readonly input?: unknown;
  readonly instance?: unknown;
}

export async function runSerializer(type: SerializerType, given: SerializerCase, values: Given): Promise<Result> {
  try {
    return await run(type, given, values);
  } catch (error) {
    return { raises: error };
  }
}

async function run(
  type: SerializerType,
  { op, ...given }: SerializerCase,
  { input, instance }: Given,
): Promise<Result> {
  const { many, partial = false, context = {}, allow_null: allowNull, with_data: withData } = given;
  const list = Object.fromEntries(
    Object.entries(given.list_options ?? {}).map(([key, value]) => [camelCase(key), value]),
  );
  const options = { partial, context, ...(allowNull && { allowNull }), ...list };
  const make = (row: unknown, more: object) =>
    many ? type.many(row as never, { ...options, ...more }) : new type(row, { ...options, ...more });
  if (op === 'initial') return { output: await make(undefined, {}).data };
  if (op === 'represent') return { output: await make(input, {}).data };
  const serializer = make(instance, { data: input });
  try {
    await serializer.isValid({ raiseException: true });
  } catch (error) {
    if (isValidationError(error)) return { errors: error.errors };
    throw error;
  }
  const { validatedData: output } = serializer;
  if (op === 'validate') return { output, ...(withData && { data: await serializer.data }) };
  return { output: await serializer.save(), data: await serializer.data };
}
