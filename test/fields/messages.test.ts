import { expect } from 'chai';
import { CharField, IntegerField, ListField, SlugField, ValidationError } from '../../fields/index.js';
import { installMessageHook } from '../../fields/messages.js';

function messagesOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return (error as ValidationError).messages;
  }
  return 'nothing was thrown';
}

describe('messages', () => {
  it('are replaced per field by code, with the facts filled in', () => {
    const field = new CharField({ maxLength: 2, errorMessages: { max_length: 'At most {max_length}!' } });
    expect(messagesOf(() => field.runValidation('abc'))).to.deep.equal(['At most 2!']);
  });

  it('of two kinds with one code are replaced by their names', () => {
    const field = new SlugField({ allowUnicode: true, errorMessages: { invalid_unicode: 'No.' } });
    expect(messagesOf(() => field.runValidation('a b'))).to.deep.equal(['No.']);
  });

  it('do not fill in what a value says', () => {
    const field = new CharField({
      validators: [
        (value: string) => {
          throw new ValidationError(`{${value}}`);
        },
      ],
    });
    expect(messagesOf(() => field.runValidation('max_length'))).to.deep.equal(['{max_length}']);
  });

  describe('with a hook', () => {
    const texts: Record<string, string> = { required: 'Pflichtfeld.', max_value: 'Höchstens {max_value}.' };
    let installed: ReturnType<typeof installMessageHook>;

    before(() => {
      installed = installMessageHook(() => (code, text) => texts[code] ?? text);
    });
    after(() => void installMessageHook(installed));

    it('are what it gives, with the facts filled in', () => {
      expect(messagesOf(() => new CharField().runValidation(undefined))).to.deep.equal(['Pflichtfeld.']);
      const list = new ListField({ child: new IntegerField({ maxValue: 3 }) });
      expect(messagesOf(() => list.runValidation([1, 4, 'x']))).to.deep.equal({
        1: ['Höchstens 3.'],
        2: ['A valid integer is required.'],
      });
    });
  });
});

describe('a refusal', () => {
  it('is a ValidationError with a message, and cheap', () => {
    try {
      new IntegerField().runValidation('x');
      expect.fail('not refused');
    } catch (error) {
      expect(error).to.be.instanceOf(ValidationError).and.instanceOf(Error);
      expect((error as ValidationError).code).to.equal('VALIDATION');
      expect(String(error)).to.equal('ValidationError: The input is not valid: ["A valid integer is required."]');
    }
  });
});
