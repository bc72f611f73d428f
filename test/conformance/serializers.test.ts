import { expect } from 'chai';
import { readCases } from './cases.js';
import { comparable, comparableErrors, recorded, recordedErrors } from './compare.js';
import { type SerializerDescription, serializerOf } from './describe-serializer.js';
import { differenceFor } from './differences.js';
import { type Result, runSerializer, type SerializerCase } from './run-serializer.js';
import { SERIALIZER_DIFFERENCES } from './serializer-differences.js';
import { decode } from './tags.js';

/** A case of `serializers.json`. */
export interface RecordedSerializerCase extends SerializerCase {
  readonly id: string;
  readonly serializer: SerializerDescription;
  readonly input?: unknown;
  readonly instance?: unknown;
  readonly note?: string;
  readonly marks?: readonly string[];
  readonly data?: unknown;
  /** Exactly one of these. */
  readonly output?: unknown;
  readonly errors?: unknown;
  readonly raises?: unknown;
}

const cases = readCases<RecordedSerializerCase>('serializers.json');

describe('serializers, as recorded from Django REST framework', () => {
  for (const each of cases) {
    const difference = differenceFor(SERIALIZER_DIFFERENCES, each);
    it(`${titleOf(each)}${difference ? `, but ${difference.rule}` : ''}`, async () => {
      const result = await resultOf(each);
      check(result, difference ? difference.ours(each) : each);
      if (difference) expect(() => check(result, each), 'is no difference').to.throw();
    });
  }

  for (const { rule, applies } of SERIALIZER_DIFFERENCES) {
    it(`differ somewhere: ${rule}`, () => expect(cases.some(applies)).to.equal(true));
  }
});

function titleOf({ id, op, serializer, input, note }: RecordedSerializerCase): string {
  const about = `${id} ${op} ${serializer.name} ${JSON.stringify(input)}`;
  return `${about.length > 120 ? `${about.slice(0, 120)}...` : about}${note ? ` (${note})` : ''}`;
}

function resultOf(each: RecordedSerializerCase): Promise<Result> {
  const context = (decode(each.context) ?? {}) as Record<string, unknown>;
  const values = { input: decode(each.input), instance: decode(each.instance) };
  return runSerializer(serializerOf(each.serializer), { ...each, context }, values);
}

/** Throws unless the result is what the case says. */
function check(result: Result, { errors, raises, output, data }: RecordedSerializerCase): void {
  if (raises !== undefined) {
    // Where the framework crashes, we may throw or refuse, but nothing may come out.
    expect(result.output, 'a value').to.equal(undefined);
    return;
  }
  if (result.raises !== undefined) throw result.raises;
  expect(result.errors && comparableErrors(result.errors), 'errors').to.deep.equal(
    errors === undefined ? undefined : recordedErrors(errors, true),
  );
  if (errors !== undefined) return;
  expect(comparable(result.output, output)).to.deep.equal(recorded(output));
  if (data !== undefined) expect(comparable(result.data, data), 'data').to.deep.equal(recorded(data));
}
