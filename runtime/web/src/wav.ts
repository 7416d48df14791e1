/** WAV files of integers, or of floats of 32 bits: what a reader takes of them, as runtime/README.md says under "audio". */

import { InputError } from './errors.js';
import { bytesOf } from './file-bytes.js';
import type { SoundInput } from './sound.js';

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe]; // an extensible format has its number behind
const BITS: Readonly<Record<number, readonly number[]>> = { [PCM]: [8, 16, 24, 32], [FLOAT]: [32] };

/** Return a file's sound; throws InputError where it is no WAV file, is cut, or holds other samples. */
export function readWav(content: Uint8Array | ArrayBuffer): SoundInput {
  const bytes = bytesOf('audio', content);
  const { format, data } = chunksOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  const tag = format.getUint16(0, true);
  const kind = tag === EXTENSIBLE && format.byteLength >= 26 ? format.getUint16(24, true) : tag;
  const [count, rate] = [format.getUint16(2, true), format.getUint32(4, true)];
  const [frame, bits] = [format.getUint16(12, true), format.getUint16(14, true)];
  if (!BITS[kind]?.includes(bits) || count === 0 || frame !== (count * bits) / 8)
    throw refusal(`a WAV file of coding ${kind}, ${bits} bits and ${count} channels, ${frame} bytes a frame`);
  if (data.byteLength % frame) throw refusal('a WAV file that ends inside of a frame');
  const sample = samplesOf(data, kind, bits);
  const channels = Array.from({ length: count }, (_, c) =>
    Float32Array.from({ length: data.byteLength / frame }, (_, i) => sample(i * frame + (c * bits) / 8)),
  );
  return { rate, channels };
}

const refusal = (found: string): InputError =>
  new InputError(
    `audio: ${found} found, a whole WAV file of integers or 32-bit floats expected; save it as 16-bit PCM`,
  );

/** Return the format and the samples that it is of. */
function chunksOf(view: DataView): { readonly format: DataView; readonly data: DataView } {
  const name = (at: number): string => String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));
  if (view.byteLength < 12 || name(0) !== 'RIFF' || name(8) !== 'WAVE') throw refusal('no WAV file');
  let format: DataView | undefined;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    if (at + 8 + size > view.byteLength) throw refusal('a WAV file that is cut');
    const chunk = new DataView(view.buffer, view.byteOffset + at + 8, size);
    if (name(at) === 'fmt ' && size >= 16) format ??= chunk;
    if (name(at) === 'data' && format) return { format, data: chunk };
    at += 8 + size + (size % 2);
  }
  throw refusal('a WAV file without a format before its samples');
}

/** Return what reads the sample at a byte: a float, or an integer divided by half the range of its kind. */
function samplesOf(data: DataView, kind: number, bits: number): (at: number) => number {
  if (kind === FLOAT) return (at) => data.getFloat32(at, true);
  if (bits === 8) return (at) => (data.getUint8(at) - 128) / 128;
  if (bits === 16) return (at) => data.getInt16(at, true) / 2 ** 15;
  if (bits === 24) return (at) => (data.getUint16(at, true) + data.getInt8(at + 2) * 2 ** 16) / 2 ** 23;
  return (at) => data.getInt32(at, true) / 2 ** 31;
}
