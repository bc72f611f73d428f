import { expect } from 'chai';
import { autoClose } from '../support/auto-close.js';
import { Application } from './application.js';

const TASKS = `
import { cron, every, jobTask } from 'bgtasks';
export const report = cron('report', '30 2 * * *', { timeZone: 'Europe/Berlin', catchUp: 'all', description: 'nightly' })(() => {});
every('clean-up', '10 min')(() => {});
every('gauge', '5 s', { perProcess: true })(() => {});
jobTask('mail')(() => {});
`;

describe('the command bgtasks schedules', function () {
  this.timeout(20_000);

  it('lists the schedules with their next firing, without a broker', async () => {
    const app = autoClose(new Application({ 'package.json': '{"type":"module"}', 'tasks.ts': TASKS }));
    const { code, out } = await app.run(['schedules']);
    expect(code).to.equal(0);
    const [head, report, cleanUp, gauge, ...rest] = out.trimEnd().split('\n');
    expect(head).to.match(/^NAME +RULE +TIME ZONE +NEXT +CATCH UP +DESCRIPTION$/);
    expect(report).to.match(
      /^report +30 2 \* \* \* +Europe\/Berlin +\d{4}-\d\d-\d\dT0[01]:[03]0:00\.000Z +all +nightly$/,
    );
    expect(cleanUp).to.match(/^clean-up +10 min +UTC +\S+T\d\d:\d0:00\.000Z +once$/);
    expect(gauge).to.match(/^gauge +5 s +UTC +in each process$/);
    expect(rest).to.deep.equal([]);
    const json = JSON.parse((await app.run(['schedules', '--json', 'tasks.ts'])).out) as Record<string, unknown>[];
    expect(json[1]).to.include({
      name: 'clean-up',
      rule: '10 min',
      timeZone: 'UTC',
      catchUp: 'once',
      perProcess: false,
    });
    expect(Date.parse(String(json[1]?.next)) % 600_000).to.equal(0);
    expect(json[2]).to.include({ name: 'gauge', next: null, catchUp: null, perProcess: true });
  });
});
