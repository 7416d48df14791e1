/** Sounds as the bundle's `processing` takes them: nothing is resampled or mixed. */

import { InputError } from './errors.js';
import { logMel } from './log-mel.js';
import type { AudioProcessing, TensorSpec } from './manifest.js';
import type { TensorOf } from './tensor.js';

/** A sound: so many samples a second, of -1 to 1, an array a channel. */
export type SoundInput = { readonly rate: number; readonly channels: readonly Float32Array[] };

/** Make the input of a batch of sounds: their samples, filled up where the input has a size, or features of them. */
export function prepareSounds(
  sounds: readonly SoundInput[],
  { rate, channels, log_mel }: AudioProcessing,
  { dims }: TensorSpec,
): TensorOf<'float32'> {
  for (const sound of sounds) checkSound(sound, rate, channels);
  if (log_mel) {
    const rows = sounds.map(({ channels: [samples] }) => logMel(samples as Float32Array, rate, log_mel));
    const size = log_mel.bands * log_mel.stack;
    const longest = Math.max(...rows.map(({ length }) => length));
    return { dtype: 'float32', dims: [rows.length, longest / size, size], data: padded(rows, longest) };
  }
  const last = dims.at(-1);
  const lengths = sounds.map((sound) => sound.channels[0]?.length ?? 0);
  const longest = Math.max(...lengths);
  const time = typeof last === 'number' ? last : longest;
  if (longest > time) throw refusal(`${longest} samples`, `${time} at most; cut it, or move a Stream over it`);
  if (typeof last !== 'number' && lengths.some((length) => length !== longest))
    throw refusal(`sounds of ${Math.min(...lengths)} to ${longest} samples`, 'one length; prepare them one by one');
  const data = padded(
    sounds.flatMap((sound) => sound.channels),
    time,
  );
  return { dtype: 'float32', dims: [sounds.length, ...(dims.length === 2 ? [] : [channels]), time], data };
}

const refusal = (found: string, expected: string): InputError =>
  new InputError(`audio: ${found} found, ${expected} expected`);

function checkSound(sound: SoundInput, rate: number, channels: number): void {
  const { rate: ownRate, channels: own } = sound ?? {};
  if (!Array.isArray(own) || own.some((samples) => !(samples instanceof Float32Array)))
    throw refusal(
      `${typeof sound}`,
      "{ rate, channels }, a Float32Array a channel, as readWav makes of a file's bytes",
    );
  if (ownRate !== rate) throw refusal(`${ownRate} samples a second`, `${rate}; resample it first`);
  if (own.length !== channels) throw refusal(`${own.length} channel(s)`, `${channels}; mix it first`);
  const length = own[0]?.length ?? 0;
  if (length === 0 || own.some((samples) => samples.length !== length))
    throw refusal('no sample, or channels of several lengths', 'equally many, at least 1');
  if ((own as SoundInput['channels']).some((samples) => samples.some((sample) => !(Math.abs(sample) <= 1))))
    throw refusal('samples beyond -1 to 1, or none of numbers', 'numbers of -1 to 1; scale it first');
}

/** Return rows one behind the other, each filled up with zeros. */
function padded(rows: readonly Float32Array[], length: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(rows.length * length);
  for (const [i, row] of rows.entries()) data.set(row, i * length);
  return data;
}
