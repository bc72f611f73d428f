/** The setting `metrics`: checked where it is given. */
import { preview } from '../errors.js';

/** The part of prom-client's `Registry` that is needed of one that is given. */
export interface RegistryLike {
  readonly contentType: string;
  metrics(): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: prom-client's own parameter is a metric of any labels
  registerMetric(metric: any): void;
}

export interface MetricsOptions {
  /** A `Registry` of prom-client, for an application that exposes metrics of its own. Default: one of the service. */
  registry?: RegistryLike;
  /** Bounds of the histograms of durations, in seconds. Default: 0.001 to 60. */
  buckets?: readonly number[];
  /** The process as well: CPU, memory, event loop. Default: false. */
  process?: boolean;
}

/** Undefined: off. */
export function metricsSettings(value: boolean | MetricsOptions | undefined): MetricsOptions | undefined {
  if (value === undefined || value === false) return undefined;
  return value === true ? {} : value;
}

const NAMES: readonly string[] = ['registry', 'buckets', 'process'];

export function metricsProblem(value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `must be true, false or an object with ${NAMES.join(', ')}, not ${preview(value)}.`;
  }
  const unknown = Object.keys(value).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) return `has an unknown option "${unknown}". Options are: ${NAMES.join(', ')}.`;
  const { registry, buckets, process } = value as MetricsOptions;
  if (registry !== undefined && typeof registry?.registerMetric !== 'function') {
    return ': "registry" must be a Registry of prom-client.';
  }
  const isRising = (bound: number, index: number, all: readonly number[]) =>
    Number.isFinite(bound) && bound > (all[index - 1] ?? 0);
  if (buckets !== undefined && !(Array.isArray(buckets) && buckets.length > 0 && buckets.every(isRising))) {
    return `: "buckets" must be a list of rising numbers of seconds above 0, not ${preview(buckets)}.`;
  }
  if (process === undefined || typeof process === 'boolean') return undefined;
  return `: "process" must be true or false, not ${preview(process)}.`;
}
