/** Those who watch a service: metrics and tracing, as its settings ask for them. */
import type { Snapshot } from '../adapters/prometheus.js';
import { BgTasksError, messageOf } from '../errors.js';
import { combined, type Observer } from '../monitoring/observer.js';
import type { MetricsText } from '../monitoring/server.js';
import type { Settings } from '../settings/settings.js';

export interface Observation {
  readonly observer: Observer | undefined;
  readonly metrics: MetricsText | undefined;
}

/** prom-client and OpenTelemetry are optional peers: loaded where they are asked for. */
export async function observe(settings: Settings, snapshot: () => Snapshot): Promise<Observation> {
  const { metrics, tracing, url } = settings;
  const prometheus = metrics && (await peer('metrics', 'prom-client', () => import('../adapters/prometheus.js')));
  const counted = prometheus && metrics && prometheus.prometheus(metrics, snapshot);
  const telemetry =
    tracing && (await peer('tracing', '@opentelemetry/api', () => import('../adapters/opentelemetry.js')));
  const traced = telemetry ? telemetry.openTelemetry(url) : undefined;
  const observers = [counted?.observer, traced].filter((each) => each !== undefined);
  return { observer: combined(observers), metrics: counted?.registry };
}

async function peer<T>(setting: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const message = `The setting "${setting}" needs ${name}: npm install ${name} (${messageOf(error)})`;
    throw new BgTasksError('MISSING_PEER', message, { setting }, { cause: error });
  }
}
