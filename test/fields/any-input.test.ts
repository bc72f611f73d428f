import { expect } from 'chai';
import fc from 'fast-check';
import { type AnyField, EMPTY, ValidationError } from '../../fields/index.js';
import type { ErrorTree } from '../../lib/validation-error.js';
import { EVERY_FIELD } from './every-field.js';

const CTX = { context: {}, instance: undefined, partial: false };

/** Texts that are nearly what some field reads. */
const nearly = fc.stringMatching(/^[ \t\n\u0085]?[-+]?[0-9a-fA-FxT_:.,%\u0661\uff11PDHMSWinfNaZ@/[\]{}]{0,40}[ \n]?$/);
const anything = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 2, arbitrary: nearly },
  fc.string({ unit: 'binary' }),
  fc.array(nearly),
  fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'then', 'length')), fc.jsonValue()),
  fc.double(),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.uuid(),
  fc.ipV6(),
  fc.webUrl(),
  fc.emailAddress(),
  fc.constant(undefined),
);

type Outcome = { readonly value: unknown } | { readonly errors: ErrorTree };

function outcomeOf(field: AnyField, data: unknown): Outcome {
  try {
    return { value: field.runValidation(data) };
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return { errors: error.errors };
  }
}

/** A leaf is a list of messages with their codes, a branch an object of trees; neither is empty. */
function expectTree(tree: ErrorTree): void {
  expect(Object.keys(tree)).to.not.equal([]);
  if (!Array.isArray(tree)) {
    for (const branch of Object.values(tree)) expectTree(branch);
    return;
  }
  for (const leaf of tree) {
    expect(Object.keys(leaf).sort()).to.deep.equal(['code', 'message']);
    expect([typeof leaf.code, typeof leaf.message]).to.deep.equal(['string', 'string']);
  }
}

describe('any input', () => {
  for (const [name, field] of Object.entries(EVERY_FIELD)) {
    it(`is a value or an error for ${name}, and what was read can be shown as JSON`, () => {
      fc.assert(
        fc.property(anything, (data) => {
          const outcome = outcomeOf(field, data);
          if ('errors' in outcome) return expectTree(outcome.errors);
          if (outcome.value === EMPTY || outcome.value === null || name === 'HiddenField') return;
          JSON.stringify(field.toRepresentation(outcome.value, CTX));
        }),
        { numRuns: 1000 },
      );
    });
  }

  for (const name of roundTrips()) {
    const field = EVERY_FIELD[name] as AnyField;
    it(`of ${name} that was read and shown is read as the same value again`, () => {
      fc.assert(
        fc.property(anything, (data) => {
          const outcome = outcomeOf(field, data);
          if (!('value' in outcome) || outcome.value === EMPTY || outcome.value === null) return;
          // Until then zones had offsets with seconds, which ISO 8601 cannot write.
          if (outcome.value instanceof Date && outcome.value < new Date('1900-01-01')) return;
          const shown = field.toRepresentation(outcome.value, CTX);
          const again = field.runValidation(JSON.parse(JSON.stringify(shown)));
          expect(JSON.stringify(again)).to.equal(JSON.stringify(outcome.value));
        }),
        { numRuns: 1000 },
      );
    });
  }

  it('does not change what every object inherits', () => {
    for (const field of Object.values(EVERY_FIELD)) {
      outcomeOf(field, JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'));
    }
    expect(({} as { polluted?: number }).polluted).to.equal(undefined);
  });

  it('is answered in no time, however long and hostile', () => {
    const parts = [...'1_ .:-a{}@[0\n"\\P%,e\u0661\u{1d7ce}\u0085', '\ud800', 'a.', 'a@', '::', 'http://', 'urn:'];
    const frames = [
      (text: string) => text,
      (text: string) => `a${text}b`,
      (text: string) => `http://${text}!`,
      (text: string) => `1${text}x`,
      (text: string) => `a@${text}!`,
    ];
    for (const [name, field] of Object.entries(EVERY_FIELD)) {
      for (const part of parts) {
        for (const frame of frames) {
          const start = performance.now();
          outcomeOf(field, frame(part.repeat(30_000)));
          expect(performance.now() - start, `${name} of ${JSON.stringify(frame(part))}`).to.be.lessThan(5000); // hours, for a pattern that backtracks
        }
      }
    }
  }).timeout(120_000);

  it('is answered where it is nested too deep to be walked', () => {
    let list: unknown = 1;
    let object: unknown = 1;
    for (let i = 0; i < 100_000; i++) [list, object] = [[list], { a: object }];
    for (const field of Object.values(EVERY_FIELD)) {
      for (const deep of [list, object, [list], { a: object }]) outcomeOf(field, deep);
    }
  });
});

/** Fields whose representation holds all of the value, in a form that they read. */
function roundTrips(): readonly string[] {
  const others = [
    'DateField in two formats',
    'UUIDField as a number',
    'FloatField',
    'HiddenField',
    'MethodField',
    'ReadOnlyField',
    'ModelField',
    'DecimalField of any length',
  ];
  return Object.keys(EVERY_FIELD).filter((name) => !others.includes(name));
}
