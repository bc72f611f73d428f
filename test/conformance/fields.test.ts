import { expect } from 'chai';
import { ValidationError } from '../../fields/index.js';
import type { AnyField } from '../../fields/types.js';
import { type FieldCase, readCases } from './cases.js';
import { comparable, comparableErrors, recorded, recordedErrors } from './compare.js';
import { type Builders, fieldOf } from './describe-field.js';
import { nestedOf, serializerOf } from './describe-serializer.js';
import { differenceFor, FIELD_DIFFERENCES } from './differences.js';
import { decode } from './tags.js';

type Outcome = { readonly value: unknown } | { readonly refused: ValidationError } | { readonly thrown: Error };

const BUILDERS: Builders = { serializer: nestedOf };

describe('fields, as recorded from Django REST framework', () => {
  for (const [field, cases] of byField(readCases<FieldCase>('fields.json'))) {
    describe(field, () => {
      for (const recordedCase of cases) {
        const difference = differenceFor(FIELD_DIFFERENCES, recordedCase);
        it(`${titleOf(recordedCase)}${difference ? `, but ${difference.rule}` : ''}`, async () => {
          const outcome = await outcomeOf(recordedCase);
          check(outcome, difference ? difference.ours(recordedCase) : recordedCase);
          if (difference) expect(() => check(outcome, recordedCase), 'is no difference').to.throw();
        });
      }
    });
  }

  for (const difference of FIELD_DIFFERENCES) {
    it(`differs somewhere: ${difference.rule}`, () => {
      const cases = readCases<FieldCase>('fields.json');
      expect(cases.some((each) => differenceFor(FIELD_DIFFERENCES, each) === difference)).to.equal(true);
    });
  }
});

function byField(cases: readonly FieldCase[]): ReadonlyMap<string, readonly FieldCase[]> {
  const groups = new Map<string, FieldCase[]>();
  for (const each of cases) {
    const group = groups.get(each.field) ?? [];
    groups.set(each.field, [...group, each]);
  }
  return groups;
}

function titleOf({ id, op, options, serializer, input }: FieldCase): string {
  const about = `${id.split('.')[1]} ${op} ${JSON.stringify(options ?? serializer?.fields)} of ${JSON.stringify(input)}`;
  return about.length > 160 ? `${about.slice(0, 160)}...` : about;
}

async function outcomeOf(recordedCase: FieldCase): Promise<Outcome> {
  try {
    return { value: await run(recordedCase) };
  } catch (error) {
    return error instanceof ValidationError ? { refused: error } : { thrown: error as Error };
  }
}

async function run(recordedCase: FieldCase): Promise<unknown> {
  const { op, input, serializer, partial = false } = recordedCase;
  const context = (decode(recordedCase.context) ?? {}) as Record<string, unknown>;
  const instance = decode(recordedCase.instance);
  if (serializer) {
    const Type = serializerOf(serializer);
    if (op === 'serializer_represent') return new Type(decode(input), { context }).data;
    const one = new Type(instance, { data: decode(input), context, partial });
    await one.isValid({ raiseException: true });
    return one.validatedData;
  }
  const field = described(recordedCase);
  const ctx = { context, instance, partial };
  if (op === 'construct') return true;
  if (op === 'to_representation') return field.toRepresentation(decode(input), ctx);
  return field.runValidation(decode(input), ctx);
}

/** The settings of a case are options here: there is no time zone of a whole project. */
function described({ field, options = {}, settings }: FieldCase): AnyField {
  const zone = field === 'DateTimeField' && settings ? { default_timezone: zoneOf(settings) } : {};
  return fieldOf({ field, options: { ...zone, ...options } }, BUILDERS);
}

function zoneOf({ USE_TZ = true, TIME_ZONE = 'UTC' }: NonNullable<FieldCase['settings']>): string | null {
  return USE_TZ ? TIME_ZONE : null;
}

/** Throws unless the outcome is what the case says. */
function check(outcome: Outcome, { op, output, errors, raises, marks = [] }: FieldCase): void {
  if (errors !== undefined) {
    if (!('refused' in outcome)) throw unexpected('a refusal', outcome);
    const tree = recordedErrors(errors, marks.includes('type-name'));
    expect(comparableErrors(outcome.refused.errors)).to.deep.equal(tree);
  } else if (raises) {
    // Where the framework crashes on input, ours refuses it, unless the serializer or field itself is at fault.
    const isInput = op === 'to_internal_value' || op === 'serializer_validate';
    if (marks.includes('crash') && isInput && !isAnswer(outcome)) throw unexpected('a refusal', outcome);
    if ('value' in outcome) throw unexpected('an error', outcome);
  } else {
    if (!('value' in outcome)) throw unexpected('a value', outcome);
    expect(comparable(outcome.value, output)).to.deep.equal(recorded(output));
  }
}

function isAnswer(outcome: Outcome): boolean {
  return 'refused' in outcome || ('thrown' in outcome && (outcome.thrown as { code?: string }).code === 'USAGE');
}

function unexpected(what: string, outcome: Outcome): Error {
  if ('refused' in outcome) return new Error(`not ${what}, but refused: ${JSON.stringify(outcome.refused.errors)}`);
  if ('thrown' in outcome) return new Error(`not ${what}, but thrown: ${outcome.thrown.stack}`);
  return new Error(`not ${what}, but the value ${String(outcome.value)}`);
}
