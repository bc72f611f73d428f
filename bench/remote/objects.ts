/** The objects of the other service: the same for every contender. */

export interface Image {
  readonly id: number;
  readonly path: string;
  readonly alt: string;
  readonly width: number;
  readonly height: number;
}

export function imageOf(id: number): Image {
  return { id, path: `/images/${id}.jpg`, alt: `image number ${id}`, width: 640, height: 480 };
}

export interface Row {
  readonly id: number;
  readonly name: string;
  readonly image: number;
}

/** Each with an image of its own, in no order that would help. 0 is no key to moleculer, so there is none. */
export function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => ({ id: i, name: `row ${i}`, image: ((i * 7919) % count) + 1 }));
}
