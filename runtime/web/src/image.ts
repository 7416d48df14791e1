/** Images of 8 bits to the numbers that a model takes: color, size, numbers and layout, to the bit as Pillow resizes. */

import { middle, sizeOf } from './crop.js';
import { InputError } from './errors.js';
import { checkInput, LIMITS } from './limits.js';
import type { ImageProcessing } from './manifest.js';
import { resample, type Size } from './resample.js';
import type { TensorOf } from './tensor.js';

/** Pixels, rows from the top: 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) bytes each, such as a canvas' ImageData. */
export type Pixels = { readonly width: number; readonly height: number; readonly data: Uint8Array | Uint8ClampedArray };

const OPAQUE = 255;

/** Make an input of images of any sizes. */
export function prepareImages(
  images: readonly Pixels[],
  { width, height, channels, layout, resample: by, scale, mean, std, crop }: ImageProcessing,
): TensorOf<'float32'> {
  const depth = channels.length;
  const size = width * height;
  const data = new Float32Array(images.length * depth * size);
  for (const [i, image] of images.entries()) {
    const whole = checkPixels(image, (from) => (crop ? sizeOf(crop, from) : { width, height }));
    const planes = split(image, channels);
    for (const [c, plane] of planes.entries()) {
      const stretched = resample(plane, image, whole, by);
      const sized = crop ? middle(stretched, whole, { width, height }, crop) : stretched;
      for (let at = 0; at < size; at++) {
        const place = layout === 'NCHW' ? c * size + at : at * depth + c;
        data[i * depth * size + place] = ((sized[at] as number) * scale - (mean[c] as number)) / (std[c] as number);
      }
    }
  }
  const dims = layout === 'NCHW' ? [depth, height, width] : [height, width, depth];
  return { dtype: 'float32', dims: [images.length, ...dims], data };
}

/** Check that these are pixels, and not too many, also in the size that they are made; return this. */
function checkPixels(pixels: Pixels, made: (from: Size) => Size): Size {
  const { width, height, data } = pixels ?? {};
  const depth = data?.length / (width * height);
  if (
    !(data instanceof Uint8Array || data instanceof Uint8ClampedArray) ||
    ![1, 2, 3, 4].includes(depth) ||
    !Number.isInteger(width) ||
    !Number.isInteger(height)
  ) {
    throw new InputError(
      `image: ${data?.length} values in ${data?.constructor.name} for ${width} x ${height} found, 1 to 4 bytes a pixel expected`,
    );
  }
  const to = made({ width, height });
  const most = Math.max(width * height, to.width * Math.max(height, to.height));
  checkInput('image: pixels', most, LIMITS.pixels, `make it smaller than ${width} x ${height}`);
  return to;
}

/** Return a plane of bytes a channel, in the order of channels. */
function split({ width, height, data }: Pixels, channels: ImageProcessing['channels']): Uint8Array[] {
  const [size, depth] = [width * height, data.length / (width * height)];
  const plane = (c: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => data[i * depth + c] as number);
  if (depth % 2 === 0 && plane(depth - 1).some((alpha) => alpha !== OPAQUE)) {
    throw new InputError('image: transparent pixels found, opaque ones expected; lay it over a background');
  }
  if (depth <= 2) return Array.from(channels, () => plane(0));
  const [r, g, b] = [plane(0), plane(1), plane(2)];
  if (channels === 'L')
    return [r.map((red, i) => (19595 * red + 38470 * (g[i] as number) + 7471 * (b[i] as number) + 32768) >> 16)];
  return channels === 'RGB' ? [r, g, b] : [b, g, r];
}
