/** What the shop sells. Only the seeds of both services read this; when they run, all they share is integers. */

export const CATEGORIES = ['Kitchen', 'Table', 'Lighting', 'Furniture', 'Textiles', 'Desk', 'Garden'] as const;

export interface Kind {
  readonly name: string;
  readonly category: (typeof CATEGORIES)[number];
  readonly materials: readonly string[];
  /** Lowest and highest price, in cents. */
  readonly prices: readonly [number, number];
}

export const KINDS: readonly Kind[] = [
  { name: 'mug', category: 'Table', materials: ['stoneware', 'enamel', 'porcelain'], prices: [900, 2400] },
  { name: 'table lamp', category: 'Lighting', materials: ['linen', 'steel', 'ceramic'], prices: [4900, 14900] },
  { name: 'stool', category: 'Furniture', materials: ['ash', 'birch', 'beech'], prices: [5900, 12900] },
  { name: 'cushion', category: 'Textiles', materials: ['linen', 'velvet', 'wool'], prices: [1900, 4900] },
  { name: 'watering can', category: 'Garden', materials: ['zinc', 'steel', 'enamel'], prices: [1900, 4500] },
  { name: 'notebook', category: 'Desk', materials: ['ruled', 'dotted', 'cloth-bound'], prices: [600, 2200] },
  { name: 'teapot', category: 'Kitchen', materials: ['cast iron', 'stoneware', 'porcelain'], prices: [2900, 7900] },
  { name: 'bowl', category: 'Table', materials: ['stoneware', 'porcelain', 'earthenware'], prices: [1200, 3200] },
  { name: 'pendant', category: 'Lighting', materials: ['spun steel', 'aluminium', 'paper'], prices: [5900, 18900] },
  { name: 'chair', category: 'Furniture', materials: ['oak', 'ash', 'beech'], prices: [12900, 32900] },
  { name: 'throw', category: 'Textiles', materials: ['lambswool', 'cotton', 'mohair'], prices: [4900, 13900] },
  { name: 'plant pot', category: 'Garden', materials: ['terracotta', 'glazed', 'stoneware'], prices: [900, 4900] },
  { name: 'clock', category: 'Desk', materials: ['birch', 'steel', 'oak'], prices: [3900, 8900] },
  { name: 'saucepan', category: 'Kitchen', materials: ['enamel', 'cast iron', 'steel'], prices: [3900, 11900] },
  { name: 'plate', category: 'Table', materials: ['porcelain', 'stoneware', 'enamel'], prices: [1100, 2900] },
  { name: 'candle', category: 'Lighting', materials: ['beeswax', 'rapeseed', 'soy'], prices: [700, 2600] },
  { name: 'side table', category: 'Furniture', materials: ['oak', 'walnut', 'steel'], prices: [9900, 27900] },
  { name: 'rug', category: 'Textiles', materials: ['wool', 'jute', 'cotton'], prices: [8900, 34900] },
  { name: 'basket', category: 'Garden', materials: ['willow', 'seagrass', 'rattan'], prices: [1900, 5900] },
  { name: 'pencil pot', category: 'Desk', materials: ['leather', 'ceramic', 'cork'], prices: [1200, 2900] },
  { name: 'storage jar', category: 'Kitchen', materials: ['glass', 'stoneware', 'enamel'], prices: [900, 3400] },
  { name: 'jug', category: 'Table', materials: ['earthenware', 'glass', 'stoneware'], prices: [1900, 4900] },
  { name: 'bookcase', category: 'Furniture', materials: ['oak', 'birch', 'walnut'], prices: [18900, 49900] },
  { name: 'towel', category: 'Textiles', materials: ['waffle', 'terry', 'linen'], prices: [900, 3900] },
  { name: 'vase', category: 'Garden', materials: ['glass', 'bisque', 'stoneware'], prices: [1900, 6900] },
  { name: 'cutting board', category: 'Kitchen', materials: ['beech', 'olive wood', 'walnut'], prices: [1900, 6400] },
];

export const COLOURS = {
  clay: '#c0694a',
  moss: '#71855a',
  ink: '#4d6f9e',
  ochre: '#d09a3c',
  plum: '#8a5577',
  teal: '#3f8987',
  stone: '#8f887a',
  rose: '#cf8690',
} as const;

export const COLOUR_NAMES = Object.keys(COLOURS) as readonly (keyof typeof COLOURS)[];

/** Wraps around at the end, so that a seed may count on. */
export function pick<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}
