/** What size an image is made, and which of it an input takes. */

import type { ImageProcessing, Resize } from './manifest.js';
import type { Size } from './resample.js';

/** Return what size an image of this one is made; a side may become 0. */
export function sizeOf({ resize, width, height }: ImageProcessing, from: Size): Size {
  if (resize === undefined) return { width: width ?? 0, height: height ?? 0 };
  if (resize.shorter !== undefined) return byShorter(resize, from);
  if (resize.fit === undefined) return resize;
  const ratios = [from.height / resize.height, from.width / resize.width];
  const ratio = resize.fit === 'contain' ? Math.max(...ratios) : Math.min(...ratios);
  return { width: roundEven(from.width / ratio), height: roundEven(from.height / ratio) };
}

function byShorter({ shorter, longer, multiple = 1 }: Resize & { readonly shorter: number }, from: Size): Size {
  const [short, long] = [Math.min(from.width, from.height), Math.max(from.width, from.height)];
  let sides = [shorter, Math.floor((shorter * long) / short)];
  if (longer !== undefined && (long / short) * shorter > longer) {
    const bound = (longer * short) / long;
    sides = [roundEven(bound), Math.floor((bound * long) / short)];
  }
  if (sides[0] === short) sides = [short, long];
  const [less, more] = sides.map((side) => side - (side % multiple)) as [number, number];
  return from.height <= from.width ? { height: less, width: more } : { height: more, width: less };
}

/** Return the first of so many places that an input takes; below 0, a border stands before. */
export function firstKept(align: ImageProcessing['align'], size: number, kept: number): number {
  if (align === undefined || align === 'start') return 0;
  if (align === 'center') return Math.floor((size - kept) / 2);
  return size > kept ? roundEven((size - kept) / 2) : -Math.floor((kept - size) / 2);
}

/** Return the height and width that every image has at least, once it is resized. */
export function covered(resize: Resize): Size {
  if (resize.shorter === undefined) return resize.fit === 'contain' ? { height: 0, width: 0 } : resize;
  const least = resize.longer === undefined ? resize.shorter : 0;
  return { height: least, width: least };
}

/** Return the pixels of the sides that a manifest names. */
export function boxPixels(resize: Resize): number {
  if (resize.shorter === undefined) return resize.height * resize.width;
  return resize.shorter * (resize.longer ?? resize.shorter);
}

/** Round a number of at least 0, halves to the even number. */
function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}
