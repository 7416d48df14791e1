/** Which part of an image an input shows. */

import { InputError } from './errors.js';
import type { ImageProcessing } from './manifest.js';
import type { Size } from './resample.js';
import { firstKept, sizeOf } from './resize.js';

/** Return what an input shows of an image: left, top, right and bottom in the image's own pixels; throws InputError. */
export function shown(how: ImageProcessing | undefined, of: Size): readonly [number, number, number, number] {
  if (how?.align === undefined) return [0, 0, of.width, of.height];
  const made = sizeOf(how, of);
  if (made.width === 0 || made.height === 0)
    throw new InputError(`sizes: ${of.width} x ${of.height} found, which becomes ${made.width} x ${made.height}`);
  const [width, height] = [how.width ?? 0, how.height ?? 0];
  const left = firstKept(how.align, made.width, width);
  const top = firstKept(how.align, made.height, height);
  const across = (at: number): number => (at * of.width) / made.width;
  const down = (at: number): number => (at * of.height) / made.height;
  return [across(left), down(top), across(left + width), down(top + height)];
}
