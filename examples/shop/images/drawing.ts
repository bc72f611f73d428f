/**
 * The picture behind `/images/7.svg`, drawn from its id: the example needs no files and no internet.
 *
 * Shape: a motif is SVG on a square of 120. Classes: `a` the colour, `b` darker, `c` lighter, `w` wood, `m` metal;
 *        `l` and `k` are lines in the colour and in metal.
 */
import { COLOUR_NAMES, COLOURS, KINDS, pick } from '../assortment.js';

const MOTIFS: Readonly<Record<string, string>> = {
  mug: `
    <path class="l" d="M76 54h8a12 12 0 0 1 0 26h-8"/><path class="a" d="M34 42h44v44q0 14-14 14H48q-14 0-14-14z"/>
    <ellipse class="b" cx="56" cy="42" rx="22" ry="5"/>`,
  'table lamp': `
    <path class="k" d="M60 58v38"/><ellipse class="m" cx="60" cy="98" rx="18" ry="4"/>
    <path class="a" d="M46 22h28l14 42H32z"/><path class="c" d="M46 22h8l-8 42H32z"/>`,
  stool: `
    <path class="wl" d="M42 46l-8 54M78 46l8 54M50 46l-3 54M70 46l3 54M40 78h40"/><rect class="a" x="32" y="36" width="56" height="12" rx="6"/>`,
  cushion: `
    <path class="a" d="M28 36q32 8 64 0q-8 29 0 58q-32-8-64 0q8-29 0-58z"/>
    <path class="b" d="M37 44q23 5 46 0l-2 7q-21 4-42 0zM37 86q23-5 46 0l-2-7q-21-4-42 0z"/><circle class="c" cx="60" cy="65" r="4"/>`,
  'watering can': `
    <path class="l" d="M44 46q0-22 18-22t22 28"/><path class="l" d="M42 82L22 54"/><path class="b" d="M14 54l14-8 3 5-14 8z"/>
    <path class="a" d="M40 48h44l4 52H36z"/><path class="b" d="M37 84h50l1 6H36z"/>`,
  notebook: `
    <rect class="b" x="36" y="24" width="52" height="76" rx="4"/><rect class="p" x="40" y="26" width="46" height="72" rx="2"/>
    <rect class="a" x="34" y="24" width="50" height="76" rx="4"/><rect class="c" x="46" y="38" width="28" height="14" rx="2"/><path class="b" d="M34 28q0-4 4-4h2v76h-2q-4 0-4-4z"/>`,
  teapot: `
    <path class="l" d="M82 56q20-4 16 16t-20 16"/><path class="a" d="M36 62L18 50q-4 6 6 16t14 20z"/>
    <ellipse class="a" cx="60" cy="74" rx="30" ry="26"/><path class="b" d="M42 54q18-10 36 0q-18 8-36 0z"/><circle class="b" cx="60" cy="44" r="5"/>`,
  bowl: `
    <path class="b" d="M46 94h28l2 6H44z"/><path class="a" d="M24 58h72q0 38-30 38H54Q24 96 24 58z"/><ellipse class="b" cx="60" cy="58" rx="36" ry="7"/>
    <path class="c" d="M30 72h60q-1 4-3 7H33q-2-3-3-7z"/>`,
  pendant: `
    <path class="k" d="M60 12v26"/><path class="b" d="M53 34h14v10H53z"/><path class="a" d="M24 80q0-38 36-38t36 38z"/>
    <path class="c" d="M32 80q0-28 18-36q-26 2-26 36z"/><ellipse class="g" cx="60" cy="80" rx="36" ry="6"/>`,
  chair: `
    <path class="wl" d="M40 66l-5 34M80 66l5 34M48 66v30M72 66v30"/><path class="wl" d="M42 66L38 24M78 66l4-42"/>
    <rect class="a" x="36" y="22" width="48" height="26" rx="8"/><rect class="b" x="34" y="60" width="52" height="10" rx="5"/>`,
  throw: `
    <path class="b" d="M30 46h60v44H30z"/><rect class="a" x="26" y="36" width="68" height="20" rx="8"/><rect class="a" x="26" y="58" width="68" height="18" rx="8"/>
    <rect class="a" x="26" y="78" width="68" height="18" rx="8"/><path class="c" d="M36 36h8v20h-8zM36 58h8v18h-8zM36 78h8v18h-8z"/>
    <path class="t" d="M80 96v6M85 96v6M75 96v6M70 96v6"/>`,
  'plant pot': `
    <path class="f" d="M60 62q-4-26-24-30q0 24 24 30zM60 62q4-34 22-38q4 26-22 38zM59 62q-8-14 2-42q10 24-1 42z"/>
    <path class="a" d="M38 66h44l-5 34H43z"/><rect class="b" x="34" y="58" width="52" height="11" rx="3"/>`,
  clock: `
    <circle class="a" cx="60" cy="62" r="38"/><circle class="p" cx="60" cy="62" r="30"/><path class="d" d="M60 62V42M60 62l13 9"/>
    <path class="t" d="M60 35v4M60 85v4M33 62h4M83 62h4"/><circle class="b" cx="60" cy="62" r="3"/>`,
  saucepan: `
    <rect class="w" x="78" y="58" width="36" height="7" rx="3"/><path class="a" d="M24 54h58v36q0 10-10 10H34q-10 0-10-10z"/>
    <rect class="b" x="20" y="50" width="66" height="7" rx="3"/><path class="b" d="M30 50q23-14 46 0z"/><circle class="w" cx="53" cy="40" r="4"/>`,
  plate: `
    <circle class="a" cx="60" cy="62" r="40"/><circle class="c" cx="60" cy="62" r="35"/><circle class="a" cx="60" cy="62" r="26"/><circle class="h" cx="60" cy="62" r="24"/>`,
  candle: `
    <path class="fl" d="M60 16q12 16 0 26q-12-10 0-26z"/><path class="d" d="M60 38v10"/><rect class="a" x="46" y="46" width="28" height="50" rx="3"/>
    <path class="c" d="M46 49q0-3 3-3h5v50h-8z"/><ellipse class="m" cx="60" cy="97" rx="28" ry="5"/>`,
  'side table': `
    <path class="wl" d="M44 54l-10 46M76 54l10 46M60 54v40"/><ellipse class="a" cx="60" cy="48" rx="40" ry="9"/><ellipse class="c" cx="60" cy="45" rx="40" ry="8"/>`,
  rug: `
    <path class="t" d="M28 26v-6M40 26v-6M52 26v-6M64 26v-6M76 26v-6M88 26v-6M28 98v6M40 98v6M52 98v6M64 98v6M76 98v6M88 98v6" transform="translate(2)"/>
    <rect class="a" x="24" y="26" width="72" height="72"/><path class="c" d="M24 36h72v6H24zM24 82h72v6H24z"/><path class="b" d="M60 48l18 14-18 14-18-14z"/>`,
  basket: `
    <path class="wl" d="M40 56q0-30 20-30t20 30"/><path class="w" d="M28 56h64l-8 44H36z"/><path class="a" d="M29 64h62l-2 10H31zM33 84h54l-1 8H34z"/>
    <rect class="b" x="26" y="52" width="68" height="8" rx="4"/>`,
  'pencil pot': `
    <path class="w" d="M46 60V30l4-8 4 8v30zM68 60V26l4-8 4 8v34z"/><path class="h" d="M57 60V34l4-8 4 8v26z"/>
    <path class="a" d="M38 54h44v40q0 6-6 6H44q-6 0-6-6z"/><path class="b" d="M38 54h44v7H38z"/>`,
  'storage jar': `
    <path class="a" d="M36 46h48v46q0 8-8 8H44q-8 0-8-8z"/><rect class="w" x="40" y="26" width="40" height="12" rx="3"/><path class="b" d="M38 38h44l2 8H36z"/>
    <rect class="p" x="46" y="60" width="28" height="18" rx="2"/><path class="t" d="M51 66h18M51 72h12"/>`,
  jug: `
    <path class="l" d="M76 44q18-2 16 18T74 82"/><path class="a" d="M42 28h34q-2 14 4 30t-2 34q-2 8-10 8H48q-8 0-10-8q-4-18 2-34t0-22l-8-6z"/>
    <path class="b" d="M32 30l10-4h34v6H40z"/>`,
  bookcase: `
    <path class="w" d="M30 18h60v82H30z"/><path class="i" d="M35 23h50v20H35zM35 48h50v20H35zM35 73h50v22H35z"/>
    <path class="a" d="M38 27h6v16h-6zM52 25h5v18h-5zM60 52h6v16h-6zM74 50h6v18h-6zM40 78h18v17H40z"/><path class="b" d="M45 25h6v18h-6zM67 54h6v14h-6z"/>
    <path class="c" d="M70 30h12v13H70zM38 56h14v12H38zM68 80h12v15H68z"/>`,
  towel: `
    <path class="k" d="M24 28h72"/><path class="a" d="M36 26h48v70H36z"/><path class="b" d="M36 26h14v58H36z"/><path class="c" d="M50 78h34v5H50zM50 86h34v3H50z"/>`,
  vase: `
    <path class="fs" d="M58 46Q54 30 44 20M62 46q2-18 14-26M60 46V16"/><circle class="c" cx="44" cy="20" r="6"/><circle class="h" cx="77" cy="20" r="6"/><circle class="c" cx="60" cy="14" r="6"/>
    <path class="a" d="M50 44h20q-2 10 8 20t6 22q-3 14-14 14H50q-11 0-14-14q-4-12 6-22t8-20z"/><ellipse class="b" cx="60" cy="44" rx="10" ry="3"/>`,
  'cutting board': `
    <rect class="w" x="30" y="34" width="60" height="66" rx="8"/><rect class="w" x="52" y="14" width="16" height="26" rx="8"/><circle class="i" cx="60" cy="23" r="4"/>
    <circle class="a" cx="53" cy="74" r="13"/><circle class="c" cx="53" cy="74" r="9"/><path class="f" d="M66 50q12-2 14 10q-12 2-14-10z"/>`,
};

/** Undefined where there is no such image. */
export function drawing(id: number): string | undefined {
  const kind = KINDS[Math.floor((id - 1) / COLOUR_NAMES.length)];
  if (!kind) return undefined;
  const colour = COLOURS[pick(COLOUR_NAMES, id - 1)];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120">
    <style>
      .a{fill:${colour}} .b{fill:color-mix(in srgb,${colour},#000 22%)} .c{fill:color-mix(in srgb,${colour},#fff 38%)}
      .w{fill:#b98d5e} .m{fill:#9b9a95} .p{fill:#f6f1e7} .g{fill:#f3d998} .h{fill:#e3b25c} .i{fill:#5c4630} .f{fill:#6d8a5b} .fl{fill:#e8a33d}
      .l,.k,.wl,.t,.d,.fs{fill:none;stroke-width:6;stroke-linecap:round;stroke-linejoin:round}
      .l{stroke:${colour}} .k{stroke:#9b9a95;stroke-width:4} .wl{stroke:#a87c4f} .d{stroke:#4a4038;stroke-width:3}
      .t{stroke:color-mix(in srgb,${colour},#000 22%);stroke-width:2} .fs{stroke:#6d8a5b;stroke-width:3}
    </style>
    <ellipse cx="60" cy="102" rx="38" ry="4" opacity=".12"/>${MOTIFS[kind.name]}
  </svg>`;
}
