/** How a response was made, as the header `Server-Timing`: the page shows it, and so do the tools of a browser. */
import { type Explanation, explain } from 'bgtasks/serializers';

/** `images.get;dur=12.3;desc="wave 1, 208 keys, 1 call", all;dur=14.0`, in milliseconds. Once `data` is read. */
export function serverTiming(serializer: object): string {
  const { waves, ms = 0 } = explain(serializer);
  const entries = waves.flatMap(({ routes }, index) => routes.map((route) => entry(route, index + 1)));
  return [...entries, `all;dur=${ms.toFixed(1)}`].join(', ');
}

function entry({ route, keys, calls }: Explanation['waves'][number]['routes'][number], wave: number): string {
  const ms = Math.max(0, ...calls.map((call) => call.ms));
  return `${route};dur=${ms.toFixed(1)};desc="wave ${wave}, ${keys} keys, ${calls.length} ${calls.length === 1 ? 'call' : 'calls'}"`;
}
