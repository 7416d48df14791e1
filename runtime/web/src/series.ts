/** Series as the bundle's `processing` takes them, and what is forecast in their own units. */

import { InputError } from './errors.js';
import type { Manifest, SeriesProcessing, TensorSpec } from './manifest.js';
import type { TensorOf, Tensors } from './tensor.js';

/** Numbers in their own units, an array a series in the order of the manifest's names; NaN is a missing one. */
export type SeriesInput = { readonly values: readonly (readonly number[] | Float32Array | Float64Array)[] };

/** Make the input of a batch: gaps filled or refused, then scaled. */
export function prepareSeries(
  batch: readonly SeriesInput[],
  how: SeriesProcessing,
  { dims }: TensorSpec,
): TensorOf<'float32'> {
  const last = dims[2];
  const time = typeof last === 'number' ? last : (batch[0]?.values[0]?.length ?? 0);
  const { mean, std, names } = how;
  const rows = batch.flatMap((series) => {
    if (!Array.isArray(series?.values))
      throw new InputError(
        `series: ${typeof series} found, { values } expected, an array of numbers a series, as readCsv makes of a file`,
      );
    if (series.values.length !== names.length)
      throw new InputError(`series: ${series.values.length} found, ${names.length} expected: ${names.join(', ')}`);
    return series.values.map((values, i) => {
      if (values.length !== time || time === 0)
        throw new InputError(`series: ${values.length} values of ${names[i]} found, ${time || 'at least 1'} expected`);
      return filled(values, how.missing, names[i] as string).map(
        (value) => (value - (mean[i] as number)) / (std[i] as number),
      );
    });
  });
  return { dtype: 'float32', dims: [batch.length, names.length, time], data: Float32Array.from(rows.flat()) };
}

/** Return what a call forecast in the series' own units: of each of the batch, an array a series. */
export function forecast({ name, processing }: Manifest, outputs: Tensors): Float64Array[][] {
  const how = processing?.series;
  if (!how?.output) throw new InputError(`${name}: forecasts no series; read the outputs themselves`);
  const { output, names, mean, std } = how;
  const found = outputs[output];
  if (found?.dtype !== 'float32' || found.dims.length !== 3 || found.dims[1] !== names.length)
    throw new InputError(`${output}: another output found, float32 of ${names.length} series expected`);
  const [batch = 0, , time = 0] = found.dims;
  const row = (place: number, i: number): Float64Array =>
    Float64Array.from(
      (found.data as Float32Array).subarray(place * time, (place + 1) * time),
      (value) => value * (std[i] as number) + (mean[i] as number),
    );
  return Array.from({ length: batch }, (_, b) => names.map((_, i) => row(b * names.length + i, i)));
}

function filled(values: SeriesInput['values'][number], missing: 'refuse' | 'hold', name: string): number[] {
  const numbers = Array.from(values);
  if (numbers.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY))
    throw new InputError(`series: an infinite value of ${name} found, numbers expected`);
  const first = numbers.find((value) => !Number.isNaN(value));
  const gaps = numbers.some(Number.isNaN);
  if (first === undefined || (gaps && missing === 'refuse'))
    throw new InputError(`series: missing values of ${name} found, none expected`);
  let before = first;
  return numbers.map((value) => {
    before = Number.isNaN(value) ? before : value;
    return before;
  });
}
