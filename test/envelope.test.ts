import {
  BgTasksError,
  FAIL,
  fail,
  isSuccess,
  RPCResponse,
  RPCStatus,
  SUCCESS,
  success,
  TaskFailure,
  unwrap,
} from 'bgtasks';
import { expect } from 'chai';

describe('the envelope', () => {
  it('is made by success and fail', () => {
    expect(success([1])).to.deep.equal({ status: SUCCESS, data: [1] });
    expect(fail({ ids: ['No.'] })).to.deep.equal({ status: FAIL, data: { ids: ['No.'] } });
  });

  it('is made by RPCResponse, with or without new, as a plain object', () => {
    const made = new RPCResponse({ data: [1] });
    expect(made).to.deep.equal({ status: 'success', data: [1] });
    expect(Object.getPrototypeOf(made)).to.equal(Object.prototype);
    expect(RPCResponse({ errors: { ids: ['x'] } })).to.deep.equal({ status: 'fail', data: { ids: ['x'] } });
    expect(RPCResponse({ data: null })).to.deep.equal({ status: 'success', data: null });
  });

  for (const parts of [{}, { data: 1, errors: 1 }]) {
    it(`is not made of ${JSON.stringify(parts)}`, () => {
      const make = RPCResponse as unknown as (parts: object) => unknown;
      expect(() => make(parts))
        .to.throw(BgTasksError, 'exactly one of the two')
        .with.property('code', 'USAGE');
    });
  }

  for (const [answer, isOk] of [
    [{ status: 'success' }, true],
    [{ status: 'success', data: 1 }, true],
    ['success', true],
    [{ status: 'fail' }, false],
    ['fail', false],
    [{}, false],
    [null, false],
    [undefined, false],
    [[1], false],
    [Object.create({ status: 'success' }), false],
  ] as const) {
    it(`RPCStatus.isSuccess(${JSON.stringify(answer)}) is ${isOk}`, () =>
      expect(RPCStatus.isSuccess(answer)).to.equal(isOk));
  }

  it('counts as a success unless it says fail', () => {
    expect([fail(1), success(1), 5, null, { status: 'open' }].map((answer) => isSuccess(answer))).to.deep.equal([
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  it('is unwrapped to its data; what is none stays as it is', () => {
    expect(unwrap(success([1]))).to.deep.equal([1]);
    expect(unwrap([1])).to.deep.equal([1]);
    expect(unwrap({ status: 'open', data: 1 })).to.deep.equal({ status: 'open', data: 1 });
    expect(() => unwrap(fail({ ids: ['No.'] })))
      .to.throw(TaskFailure, 'ids')
      .with.deep.property('data', { ids: ['No.'] });
  });
});
