/** WAV files of integers: what a reader takes of them, as runtime/README.md says under "audio". */

import { InputError } from './errors.js';
import type { Sound } from './sound.js';

const PCM = 1;
const EXTENSIBLE = 0xfffe; // the format's number then stands behind
const BYTES = [1, 2, 3, 4]; // a sample

/** Return a file's sound; throws InputError where it is no WAV file, is cut, or holds other than integers. */
export function readWav(content: Uint8Array | ArrayBuffer): Sound {
  const view =
    content instanceof Uint8Array
      ? new DataView(content.buffer, content.byteOffset, content.length)
      : new DataView(content);
  const chunks = chunksOf(view);
  const [format, data] = [chunks.get('fmt '), chunks.get('data')];
  if (!format || !data || format.byteLength < 16)
    throw new InputError('audio: no WAV file found; save it as 16-bit PCM');
  const coding = format.getUint16(0, true);
  const kind = coding === EXTENSIBLE && format.byteLength >= 26 ? format.getUint16(24, true) : coding;
  const [count, rate, width] = [format.getUint16(2, true), format.getUint32(4, true), format.getUint16(14, true) / 8];
  if (kind !== PCM || !BYTES.includes(width) || count === 0 || data.byteLength % (count * width))
    throw new InputError(
      `audio: a WAV file of coding ${kind}, ${width * 8} bits found, whole integers of 8 to 32 bits expected; save it as 16-bit PCM`,
    );
  const length = data.byteLength / (count * width);
  const sample = samplesOf(data, width);
  const channels = Array.from({ length: count }, (_, c) =>
    Float32Array.from({ length }, (_, i) => sample((i * count + c) * width)),
  );
  return { rate, channels };
}

/** Return the chunks of a RIFF file by their names, the first of each; none where it is none. */
function chunksOf(view: DataView): Map<string, DataView> {
  const chunks = new Map<string, DataView>();
  const name = (at: number): string => String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));
  if (view.byteLength < 12 || name(0) !== 'RIFF' || name(8) !== 'WAVE') return chunks;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    if (at + 8 + size > view.byteLength)
      throw new InputError(
        `audio: a WAV file that ends inside of its samples found, ${size} bytes expected; save it again`,
      );
    if (!chunks.has(name(at))) chunks.set(name(at), new DataView(view.buffer, view.byteOffset + at + 8, size));
    at += 8 + size + (size % 2);
  }
  return chunks;
}

/** Return what reads the sample at a byte, divided by half the range of its integers. */
function samplesOf(data: DataView, width: number): (at: number) => number {
  if (width === 1) return (at) => (data.getUint8(at) - 128) / 128;
  if (width === 2) return (at) => data.getInt16(at, true) / 2 ** 15;
  if (width === 3) return (at) => (data.getUint16(at, true) + data.getInt8(at + 2) * 2 ** 16) / 2 ** 23;
  return (at) => data.getInt32(at, true) / 2 ** 31;
}
