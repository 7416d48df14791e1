/** The outputs of a call, as predictions are read from them. */

import { InputError } from './errors.js';
import type { Scores } from './manifest.js';
import type { Tensor, Tensors } from './tensor.js';

export type Vector = Float32Array;

/** Return an output as vectors along its last dim; throws InputError where that is not `last`, or a number is a NaN. */
export function vectors(outputs: Tensors, name: string, last?: number): { rows: Vector[]; dims: readonly number[] } {
  const found: Tensor | undefined = outputs[name];
  const size = last ?? found?.dims.at(-1);
  if (found?.dtype !== 'float32' || size === undefined || found.dims.at(-1) !== size)
    throw new InputError(`${name}: a float32 output expected, ${last ?? 'any number of'} numbers a vector`);
  const data = found.data as Float32Array;
  if (data.some(Number.isNaN)) throw new InputError(`${name}: NaN found, numbers expected`);
  const rows = Array.from({ length: data.length / size }, (_, i) => data.subarray(i * size, (i + 1) * size));
  return { rows, dims: found.dims };
}

/** Return the scores of a vector; throws InputError where one is made of an infinite number. */
export function scored(name: string, numbers: Iterable<number>, how: Scores): readonly number[] {
  const values = [...numbers];
  if (how === 'none') return values;
  if (!values.every(Number.isFinite)) throw new InputError(`${name}: an infinite number found, finite ones expected`);
  if (how === 'sigmoid') return values.map((value) => 1 / (1 + Math.exp(-value)));
  const largest = values.reduce((a, b) => Math.max(a, b));
  const masses = values.map((value) => Math.exp(value - largest));
  const whole = masses.reduce((a, b) => a + b);
  return masses.map((mass) => mass / whole);
}
