/**
 * The JSON schema of a body, where its schema can tell: serializers do, and so do zod, valibot, arktype and others.
 *
 * Source: Standard JSON Schema 1, https://standardschema.dev/json-schema
 */
import type { BodySchema } from './schema.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The part of Standard JSON Schema 1 that is read here. */
export interface JsonSchemaConverter {
  readonly input: (options: { readonly target: string }) => JsonSchema;
  readonly output: (options: { readonly target: string }) => JsonSchema;
}

/** What AsyncAPI 3 understands without saying more. */
const TARGET = 'draft-07';

/** Of what is sent. Undefined where the schema does not tell, or cannot put it into a JSON schema. */
export function jsonSchemaOf(schema: BodySchema | undefined): JsonSchema | undefined {
  const standard = (schema as { '~standard'?: { jsonSchema?: JsonSchemaConverter } } | undefined)?.['~standard'];
  try {
    return standard?.jsonSchema?.input({ target: TARGET });
  } catch {
    return undefined;
  }
}
