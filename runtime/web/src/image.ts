/** Images of 8 bits to the numbers that a model takes: color, size, numbers and layout, to the bit as Pillow resizes. */

import { InputError } from './errors.js';
import { checkInput, LIMITS } from './limits.js';
import type { ImageProcessing } from './manifest.js';
import { resample, type Size } from './resample.js';
import { firstKept, sizeOf } from './resize.js';
import type { TensorOf } from './tensor.js';

/** Pixels, rows from the top: 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) bytes each, such as a canvas' ImageData. */
export type ImageInput = {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
};

const OPAQUE = 255;

/** Make an input of images of any sizes. */
export function prepareImages(images: readonly ImageInput[], how: ImageProcessing): TensorOf<'float32'> {
  const depth = how.channels.length;
  const made = images.map((image) => checkPixels(image, how));
  const frames = made.map((size) => ({ width: how.width ?? size.width, height: how.height ?? size.height }));
  const { width, height } = frames[0] as Size;
  const other = frames.find((frame) => frame.width !== width || frame.height !== height);
  if (other) {
    const sizes = `${height} x ${width} and ${other.height} x ${other.width}`;
    throw new InputError(`image: ${sizes} found in a batch, one size expected; give them one by one`);
  }
  const data = new Float32Array(images.length * depth * width * height);
  for (const [i, image] of images.entries()) {
    const size = made[i] as Size;
    const frame = data.subarray(i * depth * width * height, (i + 1) * depth * width * height);
    for (const [c, plane] of split(image, how.channels).entries()) {
      write(frame, c, { width, height }, resample(plane, image, size, how.resample), size, how);
    }
  }
  const dims = how.layout === 'NCHW' ? [depth, height, width] : [height, width, depth];
  return { dtype: 'float32', dims: [images.length, ...dims], data };
}

/** Write a channel of an image into its frame: what of it is kept, and the border around it. */
function write(data: Float32Array, c: number, frame: Size, plane: Uint8Array, size: Size, how: ImageProcessing): void {
  const { channels, layout, scale, align, border } = how;
  const [mean, std] = [how.mean[c] as number, how.std[c] as number];
  const top = firstKept(align, size.height, frame.height);
  const left = firstKept(align, size.width, frame.width);
  for (let row = 0, at = 0; row < frame.height; row++) {
    for (let column = 0; column < frame.width; column++, at++) {
      const [y, x] = [top + row, left + column];
      const inside = y >= 0 && y < size.height && x >= 0 && x < size.width;
      const level = plane[y * size.width + x] as number;
      const place = layout === 'NCHW' ? c * frame.width * frame.height + at : at * channels.length + c;
      data[place] = inside ? (level * scale - mean) / std : (border?.[c] as number);
    }
  }
}

/** Check that these are pixels, and not too many, also in the size that they are made; return this. */
function checkPixels(pixels: ImageInput, how: ImageProcessing): Size {
  const { width, height, data } = pixels ?? {};
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    throw new InputError(
      `image: ${typeof pixels} without bytes found, { width, height, data } expected, as readImage makes of a file's bytes`,
    );
  const depth = data.length / (width * height);
  if (![1, 2, 3, 4].includes(depth) || !Number.isInteger(width) || !Number.isInteger(height))
    throw new InputError(`image: ${data.length} bytes for ${width} x ${height} found, 1 to 4 bytes a pixel expected`);
  const to = sizeOf(how, { width, height });
  if (to.width === 0 || to.height === 0) {
    throw new InputError(
      `image: ${height} x ${width} found, which becomes ${to.height} x ${to.width}; give one that is less narrow`,
    );
  }
  if (how.align === 'start' && (to.width > (how.width ?? 0) || to.height > (how.height ?? 0))) {
    throw new InputError(
      `image: ${to.height} x ${to.width} found once it is resized, at most ${how.height} x ${how.width} expected; give one of another aspect`,
    );
  }
  const most = Math.max(width * height, to.width * Math.max(height, to.height));
  checkInput('image: pixels', most, LIMITS.pixels, `make it smaller than ${width} x ${height}`);
  return to;
}

/** Return a plane of bytes a channel, in the order of channels. */
function split({ width, height, data }: ImageInput, channels: ImageProcessing['channels']): Uint8Array[] {
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
