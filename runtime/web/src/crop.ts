/** What size an image is made, and which of its middle is kept. */

import type { Crop } from './manifest.js';
import type { Size } from './resample.js';

/** Return what size an image of this one is made. */
export function sizeOf(crop: Crop, { width, height }: Size): Size {
  if (crop.shorter === undefined) return crop;
  const made = (side: number): number => Math.floor((crop.shorter * side) / Math.min(width, height));
  return { width: made(width), height: made(height) };
}

/** Return the middle of a plane. */
export function middle(plane: Uint8Array, from: Size, { width, height }: Size, { rounding }: Crop): Uint8Array {
  const first = (size: number, kept: number): number => {
    const half = Math.floor((size - kept) / 2);
    return half + ((size - kept) % 2 === 1 && rounding === 'even' ? half % 2 : 0);
  };
  const [top, left] = [first(from.height, height), first(from.width, width)];
  const kept = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const at = (top + row) * from.width + left;
    kept.set(plane.subarray(at, at + width), row * width);
  }
  return kept;
}
