/** Log-mel features of sound: log energies of bands evenly spaced in mel, several frames a token. */

import { InputError } from './errors.js';
import { powerOf } from './fourier.js';
import type { LogMel } from './manifest.js';

/**
 * Return the tokens of a sound one behind the other, of mean 0 and standard deviation 1; zeros fill the last one up.
 *
 * @param rate Samples a second.
 * @throws InputError where it is shorter than a frame without its hop, or silent throughout.
 */
export function logMel(samples: Float32Array, rate: number, { frame, hop, bands, stack, floor }: LogMel): Float32Array {
  const least = Math.max(frame - hop + 1, 1);
  if (samples.length < least)
    throw new InputError(`audio: ${samples.length} samples found, at least ${least} expected`);
  const frames = Math.max(Math.ceil((samples.length + hop - frame) / (hop * stack)), 1) * stack;
  const [power, bank] = [powerOf(frame), bankOf(Math.floor(frame / 2) + 1, bands, rate)];
  const hann = Float64Array.from({ length: frame }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / frame));
  const energies = new Float64Array(frames * bands);
  for (let f = 0; f < frames; f++) {
    const bins = power(hann.map((weight, i) => weight * (samples[f * hop + i] ?? 0)));
    for (const [b, { first, weights }] of bank.entries()) {
      const energy = weights.reduce((sum, weight, i) => sum + weight * (bins[first + i] as number), 0);
      energies[f * bands + b] = Math.log(energy + floor);
    }
  }
  return Float32Array.from(even(energies));
}

/** Return numbers with a mean of 0 and a standard deviation of 1. */
function even(energies: Float64Array): Float64Array {
  if (energies.every((energy) => energy === energies[0]))
    throw new InputError('audio: silence found, a sound expected; record it again');
  const mean = energies.reduce((sum, energy) => sum + energy, 0) / energies.length;
  const squares = energies.reduce((sum, energy) => sum + (energy - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (energies.length - 1));
  return energies.map((energy) => (energy - mean) / deviation);
}

/** What a band takes of the bins: the first that it sees, and the weights from there on. */
type Band = { readonly first: number; readonly weights: Float64Array };

/** Return triangles evenly spaced in mel that gather bins of energy. */
function bankOf(bins: number, bands: number, rate: number): Band[] {
  const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
  const places = Float64Array.from({ length: bins }, (_, k) => mel((k * (rate / 2)) / (bins - 1)));
  const step = mel(rate / 2) / (bands + 1);
  return Array.from({ length: bands }, (_, b) => {
    const weights = places.map((place) => Math.max(1 - Math.abs(place / step - (b + 1)), 0));
    const first = weights.findIndex((weight) => weight > 0);
    const end = weights.findLastIndex((weight) => weight > 0) + 1;
    return first < 0 ? { first: 0, weights: new Float64Array() } : { first, weights: weights.slice(first, end) };
  });
}
