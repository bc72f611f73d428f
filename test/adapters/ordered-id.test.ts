import { expect } from 'chai';
import { OrderedIds } from '../../lib/adapters/typeorm/ordered-id.js';

describe('the ids of the outbox', () => {
  it('are UUIDs of version 7 with the time in front', () => {
    const id = new OrderedIds().next(Date.UTC(2100, 0, 1));
    expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).to.equal(Date.UTC(2100, 0, 1));
  });

  it('grow within a millisecond, beyond what its counter holds, and when the clock goes back', () => {
    const outbox = new OrderedIds();
    const now = Date.UTC(2101, 0, 1);
    const ids = Array.from({ length: 10_000 }, () => outbox.next(now));
    ids.push(outbox.next(now - 5000), outbox.next(now + 5000));
    expect(ids.toSorted()).to.deep.equal(ids);
    expect(new Set(ids)).to.have.length(ids.length);
  });
});
