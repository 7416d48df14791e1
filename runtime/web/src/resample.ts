/** Resizes a plane of bytes, the width first: the operations of runtime/README.md, in its order, so that all runtimes agree to the bit. */

import type { ImageProcessing } from './manifest.js';

export type Size = { readonly width: number; readonly height: number };
type Filter = { readonly reach: number; weight(x: number): number };
type Tap = { readonly first: number; readonly factors: readonly number[] }; // factors are integers, of 22 bits behind the point

const UNIT = 2 ** 22;
const A = Math.fround(0.54); // Pillow's floats
const B = Math.fround(0.46);
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
const FILTERS: Readonly<Record<Exclude<ImageProcessing['resample'], 'nearest'>, Filter>> = {
  box: { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { reach: 1, weight: (x) => (Math.abs(x) < 1 ? 1 - Math.abs(x) : 0) },
  hamming: { reach: 1, weight: (x) => (Math.abs(x) < 1 ? sinc(x) * (A + B * Math.cos(x * Math.PI)) : 0) },
  bicubic: { reach: 2, weight: (x) => cubic(Math.abs(x)) },
  lanczos: { reach: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function cubic(x: number): number {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

export function resample(plane: Uint8Array, from: Size, to: Size, by: ImageProcessing['resample']): Uint8Array {
  const wide =
    from.width === to.width ? plane : pass(plane, from.height, from.width, taps(from.width, to.width, by), true);
  return from.height === to.height ? wide : pass(wide, to.width, from.height, taps(from.height, to.height, by), false);
}

/** Resize all lines of a plane: its rows, or its columns. */
function pass(plane: Uint8Array, lines: number, length: number, to: readonly Tap[], rows: boolean): Uint8Array {
  const result = new Uint8Array(lines * to.length);
  const place = (line: number, i: number, size: number): number => (rows ? line * size + i : i * lines + line);
  for (let line = 0; line < lines; line++) {
    for (const [i, { first, factors }] of to.entries()) {
      const sum = factors.reduce(
        (total, factor, j) => total + factor * (plane[place(line, first + j, length)] as number),
        UNIT / 2,
      );
      result[place(line, i, to.length)] = Math.min(Math.max(Math.floor(sum / UNIT), 0), 255);
    }
  }
  return result;
}

/** Return, for each of m places, which of n values it takes and by what factors. */
function taps(n: number, m: number, by: ImageProcessing['resample']): Tap[] {
  const scale = n / m;
  if (by === 'nearest') {
    let x = scale * 0.5;
    return Array.from({ length: m }, () => {
      const first = Math.trunc(x);
      x += scale;
      return { first, factors: [UNIT] };
    });
  }
  const { reach, weight } = FILTERS[by];
  const stretch = Math.max(scale, 1);
  const support = reach * stretch;
  return Array.from({ length: m }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), n);
    const weights = Array.from({ length: end - first }, (_, j) => weight((first + j - center + 0.5) * (1 / stretch)));
    const total = weights.reduce((sum, each) => sum + each, 0);
    return { first, factors: weights.map((each) => Math.trunc((each / total) * UNIT + (each < 0 ? -0.5 : 0.5))) };
  });
}
