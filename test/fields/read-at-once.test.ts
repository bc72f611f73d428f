import { expect } from 'chai';
import fc from 'fast-check';
import {
  BooleanField,
  CharField,
  EMPTY,
  EmailField,
  FloatField,
  IntegerField,
  ListField,
  URLField,
  UUIDField,
} from '../../fields/index.js';
import { readerAtOnce } from '../../fields/read-at-once.js';

const FIELDS = {
  text: new CharField(),
  'text with limits': new CharField({ minLength: 2, maxLength: 5 }),
  'untrimmed text': new CharField({ trimWhitespace: false, allowBlank: true }),
  integer: new IntegerField(),
  'integer with limits': new IntegerField({ minValue: -3, maxValue: 100 }),
  float: new FloatField({ minValue: -1.5 }),
  boolean: new BooleanField(),
  'text or null': new CharField({ allowNull: true, allowBlank: true }),
  'boolean or null': new BooleanField({ allowNull: true }),
  email: new EmailField({ maxLength: 12, allowNull: true }),
  url: new URLField({ maxLength: 20 }),
  uuid: new UUIDField({ allowNull: true, format: 'hex' }),
  'list of texts': new ListField({ child: new CharField({ maxLength: 3 }) }),
  'list with limits': new ListField({ child: new IntegerField(), minLength: 2, maxLength: 3 }),
};

/** Values of all kinds, near the limits more often than chance would have them. */
const input = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary', maxLength: 7 }),
  fc.string({ unit: fc.constantFrom('a', ' ', '\0', '\ud800', 'é', '😀', '\u00a0'), maxLength: 6 }),
  fc.integer({ min: -5, max: 105 }),
  fc.constantFrom(0, -0, Number.NaN, Infinity, 2 ** 53, 1.5, -1.5),
  fc.constantFrom(
    'a@b.de',
    ' a@b.de',
    'a@b',
    'long.name@example.com',
    'http://a.de',
    'http://a',
    'HTTP://example.com/abc',
  ),
  fc.uuid(),
  fc.uuid().map((uuid) => uuid.toUpperCase()),
  fc.array(fc.oneof(fc.string({ maxLength: 4 }), fc.integer()), { maxLength: 4 }),
);

describe('reading at once', () => {
  for (const [name, field] of Object.entries(FIELDS)) {
    it(`gives what the field itself gives, or leaves it to the field (${name})`, () => {
      const read = readerAtOnce(field) as (value: unknown) => unknown;
      fc.assert(
        fc.property(input, (value) => {
          const atOnce = read(value);
          if (atOnce !== EMPTY) expect(atOnce).to.deep.equal(field.runValidation(value));
        }),
        { numRuns: 2000 },
      );
    });
  }

  it('takes ordinary values', () => {
    expect(readerAtOnce(FIELDS.text)?.('Tom')).to.equal('Tom');
    expect(readerAtOnce(FIELDS['integer with limits'])?.(7)).to.equal(7);
    expect(readerAtOnce(FIELDS['list of texts'])?.(['a'])).to.deep.equal(['a']);
    expect(readerAtOnce(FIELDS['text or null'])?.(null)).to.equal(null);
    expect(readerAtOnce(FIELDS.email)?.('a@b.de')).to.equal('a@b.de');
    expect(readerAtOnce(FIELDS.url)?.('http://a.de')).to.equal('http://a.de');
    expect(readerAtOnce(FIELDS.uuid)?.('12345678-1234-4234-8234-123456789abc')).to.be.a('string');
  });

  it('knows nothing about subclasses, and fields with validators of their own', () => {
    class Upper extends CharField {}
    expect(readerAtOnce(new Upper())).to.equal(undefined);
    expect(readerAtOnce(new CharField({ validators: [() => {}] }))).to.equal(undefined);
    expect(readerAtOnce(new ListField({ child: new Upper() }))).to.equal(undefined);
  });

  it('leaves to the field what it does not read', () => {
    expect(readerAtOnce(new IntegerField({ readOnly: true }))).to.equal(undefined);
    expect(readerAtOnce(new ListField({ child: new IntegerField({ readOnly: true }) }))).to.equal(undefined);
  });
});
