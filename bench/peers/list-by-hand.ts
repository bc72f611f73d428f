/** One request with all keys, a `Map`, one loop: what one writes who knows that the list needs it. */
import type { Image, Row } from '../remote/objects.js';
import type { RawClient } from '../remote/raw-client.js';

/** As a remote field asks by default. */
const IN_REQUESTS_OF = 1000;

export async function listByHandInParts(client: RawClient, rows: readonly Row[]): Promise<unknown[]> {
  const keys = [...new Set(rows.map(({ image }) => image))];
  const parts: Promise<unknown>[] = [];
  for (let start = 0; start < keys.length; start += IN_REQUESTS_OF) {
    parts.push(client.call('raw.images.get', keys.slice(start, start + IN_REQUESTS_OF)));
  }
  const images = ((await Promise.all(parts)) as Image[][]).flat();
  const byId = new Map(images.map((image) => [image.id, image]));
  return rows.map(({ id, name, image }) => ({ id, name, image: byId.get(image) ?? null }));
}

export async function listByHand(client: RawClient, rows: readonly Row[]): Promise<unknown[]> {
  const keys = [...new Set(rows.map(({ image }) => image))];
  const images = (await client.call('raw.images.get', keys)) as Image[];
  const byId = new Map(images.map((image) => [image.id, image]));
  return rows.map(({ id, name, image }) => ({ id, name, image: byId.get(image) ?? null }));
}
