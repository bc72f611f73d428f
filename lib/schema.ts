/**
 * How a body is checked: by a Standard Schema (every serializer is one; zod, valibot, ...) or by a class that
 * class-validator decorates.
 *
 * Shape:  `checkBody(schema, body)` gives `{ value }` or `{ errors }`, with errors as a tree by field name.
 * Source: Standard Schema 1, https://standardschema.dev
 */
import { type ErrorDetail, type MessageTree, NON_FIELD_ERRORS } from './validation-error.js';

/** The part of Standard Schema 1 that is read here. */
export interface StandardSchemaV1<I = unknown, O = I> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<O> | Promise<StandardResult<O>>;
    readonly types?: { readonly input: I; readonly output: O } | undefined;
  };
}

export type StandardResult<O> =
  | { readonly value: O; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A class whose properties class-validator decorates. */
export type DtoClass = abstract new (...args: never[]) => object;

// biome-ignore lint/suspicious/noExplicitAny: a schema of any type is accepted; its types are read back by inference
export type BodySchema = StandardSchemaV1<any, any> | DtoClass;

/** What a handler gets once the schema has accepted the body. */
export type BodyOfSchema<S> =
  S extends StandardSchemaV1<infer _I, infer V>
    ? V
    : S extends abstract new (
          ...args: never[]
        ) => infer I
      ? I
      : unknown;

/** What a caller sends. */
export type InputOfSchema<S> =
  S extends StandardSchemaV1<infer I, infer _V>
    ? I
    : S extends abstract new (
          ...args: never[]
        ) => infer I
      ? I
      : unknown;

/** `{ field: [messages] }`, nested as the body is. */
export type BodyErrors = Record<string, unknown>;

export type Checked = { readonly value: unknown } | { readonly errors: Record<string, MessageTree> };

/** Checks instances of DTO classes; supplied by the class-validator adapter. */
export type DtoChecker = (type: DtoClass, body: unknown) => Promise<Checked>;

export function isStandardSchema(schema: BodySchema): schema is Exclude<BodySchema, DtoClass> {
  return '~standard' in schema;
}

export async function checkBody(schema: StandardSchemaV1, body: unknown): Promise<Checked> {
  const result = await schema['~standard'].validate(body);
  return result.issues ? { errors: errorsByField(result.issues) } : { value: result.value };
}

/** A tree of messages out of a flat list of issues; what has no path stands under `non_field_errors`. */
export function errorsByField(issues: readonly StandardIssue[]): Record<string, MessageTree> {
  const root: Branch = Object.create(null);
  for (const issue of issues) {
    const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step));
    leafAt(root, path.length > 0 ? path : [NON_FIELD_ERRORS]).push(issue.message);
  }
  return root as Record<string, MessageTree>;
}

type Branch = { [key: string]: string[] | Branch };

/** The list of messages at the end of `path`. Where a value has errors of its own and of its parts, its own move below. */
function leafAt(root: Branch, path: readonly string[]): string[] {
  let branch = root;
  for (const step of path.slice(0, -1)) {
    const next = branch[step];
    if (next === undefined || Array.isArray(next)) {
      const own: Branch = Object.create(null);
      if (next) own[NON_FIELD_ERRORS] = next;
      branch[step] = own;
      branch = own;
    } else {
      branch = next;
    }
  }
  const last = path.at(-1) as string;
  const found = branch[last];
  if (found !== undefined && !Array.isArray(found)) return leafAt(found, [NON_FIELD_ERRORS]);
  const leaf: string[] = found ?? [];
  branch[last] = leaf;
  return leaf;
}

/** The issues of a tree of errors: the way back, for schemas of ours. */
export function issuesOf(errors: unknown, path: readonly PropertyKey[] = []): (StandardIssue & ErrorDetail)[] {
  if (Array.isArray(errors)) return (errors as ErrorDetail[]).map((detail) => ({ ...detail, path }));
  return Object.entries(errors as object).flatMap(([key, value]) =>
    issuesOf(value, key === NON_FIELD_ERRORS ? path : [...path, key]),
  );
}
