/** Serializers as Standard Schemas and Standard JSON Schemas (https://standardschema.dev): the body of a task, for one. */
import { isValidationError } from '../fields/refusal.js';
import type { JsonSchema, JsonSchemaConverter } from '../lib/json-schema.js';
import { issuesOf, type StandardResult, type StandardSchemaV1 } from '../lib/schema.js';
import { NON_FIELD_ERRORS, ValidationError } from '../lib/validation-error.js';
import { converter, type Direction } from './json-schema.js';

interface Validating<V> {
  isValid(options: { raiseException: true }): Promise<boolean>;
  readonly validatedData: V;
}

/** Over anything that is made for some data and then validates it. */
export function standard<I, V>(
  make: (data: unknown) => Validating<V>,
  schemaOf: (direction: Direction) => JsonSchema,
): StandardSchemaV1<I, V>['~standard'] & { readonly jsonSchema: JsonSchemaConverter } {
  const validate = async (data: unknown): Promise<StandardResult<V>> => {
    const serializer = make(data);
    try {
      await serializer.isValid({ raiseException: true });
      return { value: serializer.validatedData };
    } catch (error) {
      if (!isValidationError(error)) throw error;
      return { issues: issuesOf(error.errors) };
    }
  };
  return { version: 1, vendor: 'bgtasks', validate, jsonSchema: converter(schemaOf) };
}

/** Nothing at all was sent. */
export function noData(): ValidationError {
  return new ValidationError({ [NON_FIELD_ERRORS]: { message: 'No data provided', code: 'null' } });
}
