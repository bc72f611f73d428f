/** Times as Celery writes and reads them. Celery 5.2 takes the fraction for a count of microseconds: six digits or none. */

export function writeTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.(\d{3})Z$/, '.$1000+00:00');
}

/** Epoch milliseconds. One without a zone is UTC, Celery's default. Undefined where it is no time. */
export function readTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:?\d\d)?$/.exec(value);
  if (!parts) return undefined;
  const [, time, fraction = '0', zone = 'Z'] = parts;
  const epochMs = Date.parse(`${time}${zone}`) + Number(`0.${fraction}`) * 1000;
  return Number.isNaN(epochMs) ? undefined : Math.floor(epochMs);
}
