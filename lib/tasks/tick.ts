/** The body of a schedule: a time on the wire, a `Date` for the handler. */
import type { StandardSchemaV1 } from '../schema.js';
import type { Tick } from './schedule.js';

export const tickSchema: StandardSchemaV1<unknown, Tick> = {
  '~standard': {
    version: 1,
    vendor: 'bgtasks',
    validate: (body) => {
      const { at } = (body ?? {}) as { at?: unknown };
      const date = new Date(typeof at === 'string' ? at : Number.NaN);
      if (Number.isNaN(date.getTime())) return { issues: [{ message: 'A date and time was expected.', path: ['at'] }] };
      return { value: { at: date } };
    },
  },
};
