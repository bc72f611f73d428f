/**
 * Bodies checked by a class that class-validator decorates; class-transformer makes the instance.
 * Both are optional peers, and this is the only file that imports them.
 */
import type { ValidationError as Violation } from 'class-validator';
import { BgTasksError, messageOf } from '../errors.js';
import type { Checked, DtoClass } from '../schema.js';
import { type MessageTree, NON_FIELD_ERRORS } from '../validation-error.js';

type Constructor = new () => object;

/** `isPartial`: properties that were not sent are not missing. */
export async function checkDto(
  type: DtoClass,
  body: unknown,
  { isPartial = false }: { isPartial?: boolean } = {},
): Promise<Checked> {
  const { validate, plainToInstance } = await peers();
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const got = Array.isArray(body) ? 'list' : body === null ? 'null' : typeof body;
    return { errors: { [NON_FIELD_ERRORS]: [`Invalid data. Expected a dictionary, but got ${got}.`] } };
  }
  const value = plainToInstance(type as Constructor, body);
  const violations = await validate(value, { forbidUnknownValues: true, skipUndefinedProperties: isPartial });
  return violations.length > 0 ? { errors: byField(violations) } : { value };
}

/** An instance as plain data, by what class-transformer was told of its class. */
export async function showDto(type: DtoClass, row: object): Promise<unknown> {
  const { instanceToPlain, plainToInstance } = await peers();
  return instanceToPlain(row instanceof type ? row : plainToInstance(type as Constructor, row));
}

/** `{ field: [messages] }`; a nested object has the same within, beside its own messages. */
function byField(violations: readonly Violation[]): Record<string, MessageTree> {
  return Object.fromEntries(
    violations.map(({ property, constraints, children }) => {
      const own = Object.values(constraints ?? {});
      if (!children?.length) return [property, own];
      return [property, { ...(own.length > 0 && { [NON_FIELD_ERRORS]: own }), ...byField(children) }];
    }),
  );
}

async function peers() {
  try {
    const [{ validate }, { instanceToPlain, plainToInstance }] = await Promise.all([
      import('class-validator'),
      import('class-transformer'),
    ]);
    return { validate, instanceToPlain, plainToInstance };
  } catch (error) {
    const message = `A class as body schema needs class-validator and class-transformer: npm install class-validator class-transformer (${messageOf(error)})`;
    throw new BgTasksError('MISSING_PEER', message, {}, { cause: error });
  }
}
