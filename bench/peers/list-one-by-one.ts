/** A call for each row, all at once: what one writes first. */
import type { Image, Row } from '../remote/objects.js';
import type { RawClient } from '../remote/raw-client.js';

export function listOneByOne(client: RawClient, rows: readonly Row[]): Promise<unknown[]> {
  return Promise.all(
    rows.map(async ({ id, name, image }) => {
      const [found] = (await client.call('raw.images.get', [image])) as Image[];
      return { id, name, image: found ?? null };
    }),
  );
}
