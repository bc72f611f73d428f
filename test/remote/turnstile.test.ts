import { getEventListeners } from 'node:events';
import { CallAbortedError, RpcTimeoutError } from 'bgtasks';
import { expect } from 'chai';
import { inTime, Turnstile } from '../../lib/remote/turnstile.js';
import { rejection } from '../support/rejection.js';

const patient = { route: 'images.get', timeoutMs: undefined, signal: undefined };

describe('Turnstile', () => {
  it('lets so many in, and the others one by one in the order they came', async () => {
    const turnstile = new Turnstile(2);
    const inside: string[] = [];
    const enter = async (name: string) => {
      const hasWaited = await turnstile.enter(patient);
      inside.push(name);
      return hasWaited;
    };
    expect(await Promise.all([enter('a'), enter('b')])).to.deep.equal([false, false]);
    const c = enter('c');
    const d = enter('d');
    await Promise.resolve();
    expect(inside).to.deep.equal(['a', 'b']);
    turnstile.leave();
    expect(await c).to.equal(true);
    expect(inside).to.deep.equal(['a', 'b', 'c']);
    turnstile.leave();
    await d;
    turnstile.leave();
    turnstile.leave();
    expect(await Promise.all([enter('e'), enter('f')])).to.deep.equal([false, false]);
  });

  it('gives up the wait of whom it takes too long, whose place goes to nobody', async () => {
    const turnstile = new Turnstile(1);
    await turnstile.enter(patient);
    const error = await rejection(turnstile.enter({ ...patient, timeoutMs: 5 }));
    expect(error).to.be.instanceOf(RpcTimeoutError);
    expect((error as Error).message).to.contain('"images.get" within 5 ms');
    turnstile.leave();
    expect(await turnstile.enter(patient)).to.equal(false);
  });

  it('gives up the wait of whose signal is aborted', async () => {
    const turnstile = new Turnstile(1);
    await turnstile.enter(patient);
    const controller = new AbortController();
    const waiting = rejection(turnstile.enter({ ...patient, signal: controller.signal }));
    controller.abort(new Error('gone'));
    expect(await waiting).to.be.instanceOf(CallAbortedError);
    expect(await rejection(turnstile.enter({ ...patient, signal: controller.signal }))).to.be.instanceOf(
      CallAbortedError,
    );
  });

  it('passes a place on that came in the very moment of giving up', async () => {
    const turnstile = new Turnstile(1);
    await turnstile.enter(patient);
    const controller = new AbortController();
    const waiting = rejection(turnstile.enter({ ...patient, signal: controller.signal }));
    controller.abort();
    turnstile.leave();
    await waiting;
    expect(await turnstile.enter({ ...patient, timeoutMs: 50 })).to.equal(false);
  });
});

describe('inTime', () => {
  it('gives what the promise gives', async () => {
    expect(
      await inTime(Promise.resolve(7), { ...patient, timeoutMs: 1000, signal: new AbortController().signal }),
    ).to.equal(7);
    const failed = inTime(Promise.reject(new Error('x')), { ...patient, timeoutMs: 1000 });
    expect(await rejection(failed)).to.have.property('message', 'x');
  });

  it('leaves no listener and no timer behind', async () => {
    const { signal } = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    await Promise.resolve(); // mocha's own timer is started after the test
    const before = timers();
    await inTime(Promise.resolve(), { ...patient, timeoutMs: 60_000, signal });
    expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
    expect(timers()).to.equal(before);
  });
});
