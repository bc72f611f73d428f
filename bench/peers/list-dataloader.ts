/** dataloader 2 over the same raw calls, one loader for a response, as its documents ask for. */
import DataLoader from 'dataloader';
import type { Image, Row } from '../remote/objects.js';
import type { RawClient } from '../remote/raw-client.js';

export function listWithDataLoader(client: RawClient, rows: readonly Row[]): Promise<unknown[]> {
  const loader = new DataLoader<number, Image | null>(async (keys) => {
    const images = (await client.call('raw.images.get', keys)) as Image[];
    const byId = new Map(images.map((image) => [image.id, image]));
    return keys.map((key) => byId.get(key) ?? null);
  });
  return Promise.all(rows.map(async ({ id, name, image }) => ({ id, name, image: await loader.load(image) })));
}
