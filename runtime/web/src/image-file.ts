/** Image files: what is known of one before it is decoded, so that no small file makes gigabytes of pixels. */

import { decodeImage } from '#platform';
import { InputError } from './errors.js';
import { bytesOf } from './file-bytes.js';
import type { ImageInput } from './image.js';
import { checkInput, LIMITS } from './limits.js';

/** What a file's head says of it. */
type Head = { readonly type: string; readonly width: number; readonly height: number };

/**
 * Decode a PNG, JPEG or WebP file, upright by its EXIF orientation: browsers do it, Node does not.
 *
 * @throws InputError where it is another, of 16 bits, CMYK or several frames, too large, or cannot be decoded.
 */
export async function readImage(file: Blob | Uint8Array | ArrayBuffer): Promise<ImageInput> {
  const content = bytesOf('image', file instanceof Blob ? await file.arrayBuffer() : file);
  const { type, width, height } = headOf(content);
  checkInput('image', width * height, LIMITS.pixels, 'pixels; make it smaller');
  return decodeImage(new Blob([content], { type }));
}

function headOf(content: Uint8Array): Head {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const text = (at: number, length: number): string => String.fromCharCode(...content.subarray(at, at + length));
  try {
    if (text(1, 3) === 'PNG') return ofPng(view, text);
    if (text(0, 4) === 'RIFF' && text(8, 4) === 'WEBP') return ofWebp(view, text(12, 4));
    if (view.getUint16(0) === 0xffd8) return ofJpeg(view);
  } catch (error) {
    if (error instanceof RangeError) throw refusal('a file that is cut');
    throw error;
  }
  throw refusal('another kind of file');
}

const refusal = (found: string): InputError =>
  new InputError(`image: ${found} found, a whole PNG, JPEG or WebP of one frame, 8 bits, grey or RGB expected`);

function ofPng(view: DataView, text: (at: number, length: number) => string): Head {
  if (view.getUint8(24) > 8) throw refusal('a PNG of 16 bits');
  for (let at = 8; ; at += 12 + view.getUint32(at)) {
    const chunk = text(at + 4, 4);
    if (chunk === 'acTL') throw refusal('an animation');
    if (chunk === 'IEND') break;
  }
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
}

function ofJpeg(view: DataView): Head {
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker >> 8 !== 0xff || marker === 0xffda) throw refusal('a JPEG without a size');
    const frame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (!frame) continue;
    if (view.getUint8(at + 4) !== 8 || view.getUint8(at + 9) > 3) throw refusal('a JPEG of CMYK or 12 bits');
    return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
  }
}

function ofWebp(view: DataView, kind: string): Head {
  const type = 'image/webp';
  const wide = (at: number): number => view.getUint16(at, true) + (view.getUint8(at + 2) << 16) + 1;
  if (kind === 'VP8X') {
    if (view.getUint8(20) & 2) throw refusal('an animation');
    return { type, width: wide(24), height: wide(27) };
  }
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { type, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}
