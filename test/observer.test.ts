import { expect } from 'chai';
import { type Activity, combined, during, type Observer } from '../lib/monitoring/observer.js';
import { rejection } from './support/rejection.js';

/** Writes down what it is told, and adds its name to the caller. */
const recording = (name: string, told: string[]): Observer => {
  const begin = ({ caller }: { readonly caller: object }): Activity => {
    told.push(`${name} begins`);
    return {
      caller: { ...caller, [name]: Object.keys(caller).length } as never,
      run: (work) => {
        told.push(`${name} runs`);
        return work();
      },
      end: (outcome) => void told.push(`${name} ends with ${'error' in outcome ? outcome.error : outcome.value}`),
    };
  };
  const note = (kind: string, route: string) => void told.push(`${name} ${kind} ${route}`);
  return { call: begin, publish: begin, handle: begin, remoteBatch: begin, retry: note, deadLetter: note };
};

describe('observers', () => {
  it('are none for none, and one for one', () => {
    const one = recording('one', []);
    expect([combined([]), combined([one])]).to.deep.equal([undefined, one]);
  });

  it('are told in turn, each with the caller of the one before', async () => {
    const told: string[] = [];
    const both = combined([recording('one', told), recording('two', told)]) as Observer;
    const activity = both.call({ route: 'x', caller: {} });
    expect(activity.caller).to.deep.equal({ one: 0, two: 1 });
    expect(await during(activity, async () => 7)).to.equal(7);
    both.retry('job', 'x');
    expect(told).to.deep.equal([
      ...['one begins', 'two begins', 'one runs', 'two runs', 'one ends with 7', 'two ends with 7'],
      ...['one job x', 'two job x'],
    ]);
  });

  it('learn of errors, which go on', async () => {
    const told: string[] = [];
    const both = combined([recording('one', told), recording('two', told)]) as Observer;
    const work = during(both.remoteBatch({ route: 'x', keys: 1, caller: {} }), () => Promise.reject('no'));
    expect(await rejection(work)).to.equal('no');
    expect(told.slice(-2)).to.deep.equal(['one ends with no', 'two ends with no']);
  });
});
