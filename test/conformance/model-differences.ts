/** Where model serializers differ from the record on purpose: one entry per rule, see `differences.ts`. */
import type { Difference } from './differences.js';
import type { RecordedModelCase } from './model.test.js';

type Case = RecordedModelCase;
type Words = Record<string, unknown>;
type Fields = NonNullable<Case['fields']>;

export const MODEL_DIFFERENCES: readonly Difference<Case>[] = [
  {
    rule: 'a dictionary is no list of keys',
    reason: 'DRF takes whatever can be iterated, and so the keys of a dictionary; here a list is a list.',
    applies: ({ input }) => isObject((input as Words | undefined)?.categories),
    ours: (recorded) => ({
      ...recorded,
      output: undefined,
      errors: { categories: [{ code: 'not_a_list', message: 'Expected a list of items but got type "dict".' }] },
    }),
  },
  {
    rule: 'nothing leads past a table that is an entity of its own',
    reason: 'TypeORM has no `through`: the rows of such a table are shown, and what they join stands in them.',
    applies: ({ serializer, op }) =>
      asksFor(serializer, 'clubs') || (serializer.model === 'Club' && op === 'represent'),
    ours: ({ output, ...recorded }) => {
      const { members: _members, ...rest } = output as Words;
      return 'clubs' in rest ? { ...recorded, raises: {} } : { ...recorded, output: rest };
    },
  },
  {
    rule: 'depth shows the columns and to-one keys of a related entity',
    reason: '`__all__` has no lists of related rows here, below a relation as well as at the top.',
    applies: ({ fields, serializer }) => (serializer.depth ?? 0) > 0 && hasListsBelow(fields ?? {}),
    ours: (recorded) => ({ ...recorded, fields: withoutListsBelow(recorded.fields as Fields) }),
  },
  {
    rule: '`pk` is no property',
    reason: 'An entity names its primary key itself.',
    applies: ({ serializer }) => asksFor(serializer, 'pk'),
    ours: ({ fields: _fields, ...recorded }) => ({ ...recorded, raises: {} }),
  },
  {
    rule: 'integers of 64 bits travel as text, and files are no columns',
    reason: 'A JavaScript number does not hold such an integer; TypeORM keeps of a file what its column says, a text.',
    applies: ({ fields = {} }) => BIG.some((name) => name in fields),
    ours: (recorded) => ({
      ...recorded,
      fields: mapped(recorded.fields as Fields, (field, name) =>
        BIG.includes(name) || name === 'file'
          ? { ...field, class: name === 'file' ? 'CharField' : 'BigIntField' }
          : field,
      ),
    }),
  },
  {
    rule: 'no column says that it is unique for a date',
    reason: 'TypeORM has no `unique_for_date`: the serializer is given a validator, and gets no default for the date.',
    applies: ({ serializer, op }) => serializer.model === 'AutoArticle' && op === 'fields',
    ours: (recorded) => {
      const { published, ...rest } = recorded.fields as Fields;
      const { default: _default, ...shown } = published ?? {};
      const fields = recorded.serializer.fields === '__all__' ? { ...rest, published: shown } : rest;
      return { ...recorded, fields };
    },
  },
  {
    rule: 'a base class is part of the table',
    reason: 'TypeORM has no inheritance over two tables, and so no key that joins them.',
    applies: ({ serializer, output }) => asksFor(serializer, 'place_ptr') || 'place_ptr' in ((output ?? {}) as object),
    ours: ({ output, fields: _fields, ...recorded }) => {
      const { place_ptr: _key, ...rest } = (output ?? {}) as Words;
      return output ? { ...recorded, output: rest } : { ...recorded, raises: {} };
    },
  },
  {
    rule: 'every unique constraint is checked',
    reason: 'TypeORM knows one kind of them, and a violation found early is an answer in place of an exception.',
    applies: ({ serializer, op }) => serializer.model === 'Constrained' && op === 'validate',
    ours: ({ output: _output, ...recorded }) => ({
      ...recorded,
      errors: { code: [{ code: 'unique', message: 'constrained with this code already exists.' }] },
    }),
  },
  {
    rule: 'columns have no messages of their own',
    reason: 'What a Django field says in place of the default message is said in `extraKwargs`.',
    applies: ({ errors }) => JSON.stringify(errors ?? '').includes('Another unique set'),
    ours: (recorded) => ({
      ...recorded,
      errors: { code: [{ code: 'unique', message: 'unique set with this code already exists.' }] },
    }),
  },
  {
    rule: 'a message shows values as JavaScript writes them',
    reason: '`true`, where Python writes `True`.',
    applies: ({ errors }) => JSON.stringify(errors ?? '').includes('=True'),
    ours: (recorded) => ({ ...recorded, errors: JSON.parse(JSON.stringify(recorded.errors).replace('True', 'true')) }),
  },
  {
    rule: 'a new list of related rows is shown in the order it was sent',
    reason: 'DRF reads it back from the database, in the order of the related table.',
    applies: ({ op, input }) => op === 'create' && String((input as Words).categories) === '2,1',
    ours: (recorded) => ({ ...recorded, data: { ...(recorded.data as Words), categories: [2, 1] } }),
  },
];

const BIG = ['big', 'positive_big'];

function asksFor({ fields }: Case['serializer'], name: string): boolean {
  return Array.isArray(fields) && fields.includes(name);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapped(fields: Fields, map: (field: Words, name: string) => Words): Record<string, Words> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, map(field, name)]));
}

/** The fields of a related entity, of one or of each of a list. */
function below(field: Words): Fields | undefined {
  const { class: kind, fields } = isObject(field.child) ? (field.child as Words) : field;
  return kind === 'NestedSerializer' ? (fields as Fields) : undefined;
}

function isList({ class: kind }: Words): boolean {
  return kind === 'ManyRelatedField' || kind === 'ListSerializer';
}

function hasListsBelow(fields: Fields): boolean {
  return Object.values(fields).some((field) => Object.values(below(field) ?? {}).some(isList));
}

/** Choices that only a serializer knows are not known there either. */
function withoutListsBelow(fields: Fields): Record<string, Words> {
  return mapped(fields, (field) => {
    const parts = below(field);
    if (!parts) return field;
    const kept = Object.entries(withoutListsBelow(parts)).filter(([, part]) => !isList(part));
    const shown = kept.map(([name, part]) => [name, name === 'rating' ? asInteger(part) : part]);
    return { ...field, class: 'NestedSerializer', child: undefined, fields: Object.fromEntries(shown) };
  });
}

function asInteger(field: Words): Words {
  return { ...field, class: 'IntegerField', options: {} };
}
