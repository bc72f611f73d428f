import { BgTasksError } from 'bgtasks';
import { expect } from 'chai';
import fc from 'fast-check';
import { cronRule, intervalRule, ruleText, slotsOf } from '../../lib/tasks/schedule-rule.js';
import { dueSlots, GRACE_MS, MAX_CAUGHT_UP } from '../../lib/worker/schedule/slots.js';

const at = (text: string) => Date.parse(text);
const NOW = at('2026-05-01T12:00:00Z');
const HOUR = 3_600_000;

/** The slots from one time to another, as text. */
function slotsBetween(expression: string, timeZone: string, from: string, to: string): string[] {
  const slots = slotsOf(cronRule('x', expression, timeZone));
  const found: string[] = [];
  for (let slot = slots.next(at(from)) ?? Infinity; slot <= at(to); slot = slots.next(slot) ?? Infinity) {
    found.push(new Date(slot).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

describe('the slots of a schedule', () => {
  const rule = fc.oneof(
    fc.integer({ min: 1, max: 5000 }).map((seconds) => intervalRule('x', `${seconds} s`)),
    fc
      .tuple(
        fc.constantFrom('* * * * *', '*/7 * * * *', '30 2 * * *', '0 0 1 * *', '15 1-3 * * 0', '*/20 0 3 * * *'),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
      )
      .map(([expression, timeZone]) => cronRule('x', expression, timeZone)),
  );
  // Around both changes of the clocks.
  const time = fc.integer({ min: at('2026-03-25T00:00:00Z'), max: at('2026-04-07T00:00:00Z') });

  it('come after the time that is asked for, and do not depend on where one asks from', () => {
    fc.assert(
      fc.property(rule, time, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (given, from, part) => {
        const { next } = slotsOf(given);
        const slot = next(from) as number;
        expect(slot).to.be.greaterThan(from);
        expect(next(from + Math.floor((slot - from) * part))).to.equal(slot);
        expect(next(slot)).to.be.greaterThan(slot);
      }),
      { numRuns: 300 },
    );
  });

  it('are each fired once, whenever somebody looks and whoever does, with `all`', () => {
    const looks = fc.array(fc.integer({ min: 1, max: 5 * HOUR }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(rule, time, looks, (given, start, pauses) => {
        const slots = slotsOf(given);
        const fired: number[] = [];
        let now = start;
        for (const pause of pauses.map((each) => Math.min(each, 200 * ((slots.next(start) as number) - start)))) {
          now += pause;
          fired.push(...dueSlots(slots, fired.at(-1) ?? start, now, 'all'));
        }
        const every: number[] = [];
        for (let slot = slots.next(start) as number; slot <= now; slot = slots.next(slot) as number) every.push(slot);
        // A pause that holds more than the bound is looked at below.
        if (every.length <= MAX_CAUGHT_UP) expect(fired).to.deep.equal(every);
      }),
      { numRuns: 100 },
    );
  });

  it('of an interval are its multiples since 1970, so that all processes agree', () => {
    const { next } = slotsOf(intervalRule('x', '1 d'));
    expect(next(NOW)).to.equal(at('2026-05-02T00:00:00Z'));
    expect(slotsOf(intervalRule('x', '1.5 s')).next(0)).to.equal(1500);
  });

  it('of a fixed time that a change of clocks leaves out fire at the first time that exists', () => {
    const found = slotsBetween('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', '2026-03-30T12:00:00Z');
    expect(found).to.deep.equal(['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z']);
  });

  it('of a fixed time that comes twice fire once', () => {
    const found = slotsBetween('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z');
    expect(found).to.deep.equal(['2026-10-25T00:30Z', '2026-10-26T01:30Z']);
  });

  it('of a repeating expression go on through a change of clocks', () => {
    const back = slotsBetween('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z');
    expect(back).to.deep.equal(['2026-10-25T00:30Z', '2026-10-25T01:00Z', '2026-10-25T01:30Z', '2026-10-25T02:00Z']);
    const forward = slotsBetween('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', '2026-03-29T01:30:00Z');
    expect(forward).to.deep.equal(['2026-03-29T00:30Z', '2026-03-29T01:00Z', '2026-03-29T01:30Z']);
  });

  describe('after a downtime', () => {
    const slots = slotsOf(intervalRule('x', '1 h'));
    const last = NOW - 5 * HOUR;
    const now = NOW + 60_000;

    it('are all fired, oldest first, with `all`', () => {
      expect(dueSlots(slots, last, now, 'all')).to.deep.equal([4, 3, 2, 1, 0].map((hours) => NOW - hours * HOUR));
    });

    it('are the last one with `once`, and none with `skip`', () => {
      expect(dueSlots(slots, last, now, 'once')).to.deep.equal([NOW]);
      expect(dueSlots(slots, last, now, 'skip')).to.deep.equal([]);
    });

    it('are at most 1,000 with `all`, the latest', () => {
      const seconds = slotsOf(intervalRule('x', '1 s'));
      const due = dueSlots(seconds, NOW - 90 * 24 * HOUR, NOW, 'all');
      expect(due).to.have.length(MAX_CAUGHT_UP);
      expect([due[0], due.at(-1)]).to.deep.equal([NOW - 999_000, NOW]);
    });

    for (const catchUp of ['skip', 'once', 'all'] as const) {
      it(`are fired with ${catchUp} while they are hardly late, each of them`, () => {
        const seconds = slotsOf(intervalRule('x', '1 s'));
        expect(dueSlots(seconds, NOW - 3000, NOW + 500, catchUp)).to.deep.equal([NOW - 2000, NOW - 1000, NOW]);
        expect(dueSlots(slots, NOW - HOUR, NOW + GRACE_MS - 1, catchUp)).to.deep.equal([NOW]);
      });

      it(`are not fired again with ${catchUp} when the clock was set back`, () => {
        expect(dueSlots(slots, NOW, NOW - 3 * HOUR, catchUp)).to.deep.equal([]);
      });
    }
  });
});

describe('the rule of a schedule', () => {
  it('is told as it was given', () => {
    expect(ruleText(intervalRule('x', '10 min'))).to.equal('10 min');
    expect(ruleText(cronRule('x', '@daily', undefined))).to.equal('@daily');
  });

  for (const interval of [
    '',
    '10',
    '10s',
    '10 sec',
    '0.5 s',
    '-1 s',
    '0 s',
    '1e3 s',
    '400 d',
    '1.0001 s',
    10,
    undefined,
  ]) {
    it(`refuses the interval ${JSON.stringify(interval)}, and says what is allowed`, () => {
      expect(() => intervalRule('clean', interval))
        .to.throw(BgTasksError, /^The interval of "clean" must be .* units are s, min, h, d\. It is /)
        .with.property('code', 'INVALID_TASK');
    });
  }

  for (const [expression, message] of [
    ['often', /cannot be read: "often"/],
    ['61 * * * *', /cannot be read/],
    ['0 0 0 1 1 * 2027', /cannot be read/],
    ['0 0 30 2 *', /never comes true/],
    [5, /must be a text/],
  ] as const) {
    it(`refuses the expression ${JSON.stringify(expression)}`, () => {
      expect(() => cronRule('clean', expression))
        .to.throw(BgTasksError, message)
        .with.property('code', 'INVALID_TASK');
    });
  }

  it('refuses a time zone that does not exist', () => {
    expect(() => cronRule('clean', '* * * * *', 'Mars/Base')).to.throw(BgTasksError, /IANA name .* not "Mars\/Base"/);
  });
});
