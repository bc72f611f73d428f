import { CircuitOpenError } from 'bgtasks';
import { expect } from 'chai';
import { Circuit, type Sign } from '../../lib/remote/circuit.js';

describe('Circuit', () => {
  let now: number;
  let circuit: Circuit;

  beforeEach(() => {
    now = Date.UTC(2026, 0, 1);
    circuit = new Circuit('images.get', { failures: 3, retryMs: 1000 }, () => now);
  });

  const call = (sign: Sign, error?: unknown) => circuit.enter().settle(sign, error);
  const refusal = () => {
    try {
      circuit.enter();
    } catch (error) {
      return error as CircuitOpenError;
    }
    throw new Error('it was let through');
  };
  const open = () => {
    for (const _ of [1, 2, 3]) call('dead', new Error('late'));
  };

  it('opens after so many failures in a row', () => {
    call('dead');
    call('dead');
    expect(circuit.state).to.equal('closed');
    call('dead');
    expect(circuit.state).to.equal('open');
  });

  it('counts from the start again after an answer', () => {
    for (const sign of ['dead', 'dead', 'alive', 'dead', 'dead'] as const) call(sign);
    expect(circuit.state).to.equal('closed');
  });

  it('does not count what says nothing of the service', () => {
    for (const sign of ['dead', 'dead', 'unknown', 'unknown'] as const) call(sign);
    expect(circuit.state).to.equal('closed');
    call('dead');
    expect(circuit.state).to.equal('open');
  });

  it('refuses with an error that names the route, since when, until when and why', () => {
    open();
    now += 400;
    const error = refusal();
    expect(error).to.be.instanceOf(CircuitOpenError);
    expect(error.code).to.equal('CIRCUIT_OPEN');
    expect(error.message).to.equal(
      '"images.get" is not called: the last 3 calls failed. Open since 2026-01-01T00:00:00.000Z, tried again from 2026-01-01T00:00:01.000Z on.',
    );
    expect([error.openedAt, error.retryAt]).to.deep.equal([new Date(now - 400), new Date(now + 600)]);
    expect((error.cause as Error).message).to.equal('late');
  });

  it('lets one call try when the time has come, and refuses the others meanwhile', () => {
    open();
    now += 1000;
    const trial = circuit.enter();
    expect(circuit.state).to.equal('half-open');
    expect(refusal().code).to.equal('CIRCUIT_OPEN');
    trial.settle('alive');
    expect(circuit.state).to.equal('closed');
    circuit.enter();
  });

  it('opens again where the trial fails, for as long again', () => {
    open();
    now += 1000;
    call('dead');
    expect(refusal().retryAt).to.deep.equal(new Date(now + 1000));
    now += 1000;
    circuit.enter();
  });

  it('lets the next call try where the trial has shown nothing', () => {
    open();
    now += 1000;
    call('unknown');
    expect(circuit.state).to.equal('open');
    call('alive');
    expect(circuit.state).to.equal('closed');
  });

  it('is not kept open by failures of calls that were on their way when it opened', () => {
    const late = circuit.enter();
    open();
    now += 900;
    late.settle('dead');
    expect(refusal().retryAt).to.deep.equal(new Date(now + 100));
  });

  it('closes when a call that was on its way is answered after all', () => {
    const late = circuit.enter();
    open();
    late.settle('alive');
    expect(circuit.state).to.equal('closed');
  });

  it('takes no trial for a call that only asks whether it would be refused', () => {
    open();
    now += 1000;
    circuit.check();
    circuit.check();
    expect(circuit.state).to.equal('open');
  });
});
