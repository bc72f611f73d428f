/** One request with all keys, a `Map`, one loop: what one writes who knows that the list needs it. */
import type { Image, Row } from '../remote/objects.js';
import type { RawClient } from '../remote/raw-client.js';

export async function listByHand(client: RawClient, rows: readonly Row[]): Promise<unknown[]> {
  const keys = [...new Set(rows.map(({ image }) => image))];
  const images = (await client.call('raw.images.get', keys)) as Image[];
  const byId = new Map(images.map((image) => [image.id, image]));
  return rows.map(({ id, name, image }) => ({ id, name, image: byId.get(image) ?? null }));
}
