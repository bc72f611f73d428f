/** What is asked of a service that is watched. */
import type { Service } from 'bgtasks';

/** `GET` at the port where a service serves probes and metrics. */
export async function get(service: Service, path: string): Promise<{ status: number; type: string; body: string }> {
  const response = await fetch(`http://127.0.0.1:${service.internals.monitorPort()}${path}`);
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() };
}

/** Samples of a metric whose labels include these: `{ result: 'ok' }`. */
export async function samples(
  service: Service,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<readonly number[]> {
  const { body } = await get(service, '/metrics');
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const lines = body.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines
    .filter((line) => wanted.every((each) => line.includes(each)))
    .map((line) => Number(line.split(' ').at(-1)));
}
