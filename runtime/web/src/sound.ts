/** Sounds as the bundle's `processing` takes them: nothing is resampled or mixed. */

import { InputError } from './errors.js';
import type { AudioProcessing, TensorSpec } from './manifest.js';
import type { Tensor } from './tensor.js';

/** A sound: so many samples a second, of -1 to 1, an array a channel. */
export type Sound = { readonly rate: number; readonly channels: readonly Float32Array[] };

/** Make the input of a batch of sounds; silence follows what is shorter than an input of a size takes. */
export function prepareSounds(
  sounds: readonly Sound[],
  { rate, channels, log_mel }: AudioProcessing,
  { dims }: TensorSpec,
): Tensor {
  const refuse = (found: string, expected: string): never => {
    throw new InputError(`audio: ${found} found, ${expected} expected`);
  };
  if (log_mel) throw new InputError('audio: log-mel features are not made here; make them in the app');
  const last = dims.at(-1);
  const longest = Math.max(...sounds.map((sound) => sound.channels[0]?.length ?? 0));
  const time = typeof last === 'number' ? last : longest;
  if (longest > time) refuse(`${longest} samples`, `${time} at most`);
  for (const sound of sounds) {
    if (sound.rate !== rate) refuse(`${sound.rate} samples a second`, `${rate}`);
    if (sound.channels.length !== channels) refuse(`${sound.channels.length} channel(s)`, `${channels}`);
    const length = typeof last === 'number' ? sound.channels[0]?.length : longest;
    if (!length || sound.channels.some((samples) => samples.length !== length))
      refuse('no sample, or another number of them', 'equally many, at least 1');
    if (sound.channels.some((samples) => samples.some((sample) => !(Math.abs(sample) <= 1))))
      refuse('a sample beyond -1 to 1', 'numbers of -1 to 1');
  }
  const data = new Float32Array(sounds.length * channels * time);
  sounds.flatMap((sound) => sound.channels).forEach((samples, i) => void data.set(samples, i * time));
  return { dtype: 'float32', dims: [sounds.length, ...(dims.length === 2 ? [] : [channels]), time], data };
}
