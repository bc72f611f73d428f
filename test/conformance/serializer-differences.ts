/** Where serializers differ from the record on purpose: one entry per rule, see `differences.ts`. */
import type { Difference } from './differences.js';
import type { RecordedSerializerCase } from './serializers.test.js';

export const SERIALIZER_DIFFERENCES: readonly Difference<RecordedSerializerCase>[] = [
  {
    rule: 'an error without any message refuses nothing',
    reason: 'DRF takes such input for valid as well, but forgets its values; nobody means to store nothing.',
    applies: ({ serializer: { hooks = {} } }) => isEmpty(hooks.validate?.detail),
    ours: (recorded) => ({ ...recorded, output: recorded.input }),
  },
  {
    rule: 'a list of trees is a tree by index wherever it is thrown',
    reason:
      'Errors by index are the one form that errors of lists have here, so `validate` places them as a list does.',
    applies: ({ serializer: { hooks = {} } }) => isListOfTrees(hooks.validate?.detail),
    ours: (recorded) => {
      const { non_field_errors: list } = recorded.errors as { non_field_errors: readonly object[] };
      const branches = list.map((tree) => Object.fromEntries(Object.entries(tree).map(([key, leaf]) => [key, [leaf]])));
      return { ...recorded, errors: branches };
    },
  },
  {
    rule: 'a message shows values as JavaScript writes them',
    reason: '`true`, where Python writes `True`.',
    applies: ({ marks = [], errors }) => marks.includes('python-text') && text(errors).includes('True'),
    ours: (recorded) => ({ ...recorded, errors: JSON.parse(text(recorded.errors).replaceAll('True', 'true')) }),
  },
  {
    rule: 'a set is a dictionary',
    reason: 'JSON has no sets; what is an object and no list is called a dictionary.',
    applies: ({ input }) => text(input).startsWith('{"$set"'),
    ours: (recorded) => ({ ...recorded, errors: JSON.parse(text(recorded.errors).replace('\\"set\\"', '\\"dict\\"')) }),
  },
  {
    rule: 'a time has milliseconds',
    reason: 'A `Date` holds no more.',
    applies: ({ output }) => /T[\d:]+\.\d{6}Z/.test(text(output)),
    ours: (recorded) => ({ ...recorded, output: JSON.parse(text(recorded.output).replace('.000001Z', 'Z')) }),
  },
  {
    rule: 'a decimal that is not coerced to text is a number',
    reason: 'JavaScript has no decimals.',
    applies: ({ op, serializer }) => op === 'represent' && text(serializer).includes('"coerce_to_string":false'),
    ours: (recorded) => ({ ...recorded, output: { ...(recorded.output as object), n: 2 } }),
  },
];

function text(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

function isEmpty(detail: unknown): boolean {
  return typeof detail === 'object' && detail !== null && Object.keys(detail).length === 0;
}

function isListOfTrees(detail: unknown): boolean {
  return Array.isArray(detail) && detail.some((item) => typeof item === 'object');
}
