/** How alike two tensors of equal dims are, in float64. What is not finite in one place in both, and the same, is left out. */

import type { Data, Tensor } from './tensor.js';

/** Return the cosine of the angle between them, and the largest absolute difference; null where no number says it. */
export function compare(found: Tensor, expected: Tensor): { cosine: number; max_abs: number | null } {
  const [a, b] = [numbers(found), numbers(expected)];
  if (String(found.dims) !== String(expected.dims)) return { cosine: 0, max_abs: null };
  const finite = a.map((x, i) => Number(Number.isFinite(x) && Number.isFinite(b[i])));
  if (a.some((x, i) => !finite[i] && !Object.is(x, b[i]))) return { cosine: 0, max_abs: null };
  const kept = (values: Float64Array): Float64Array => values.filter((_, i) => finite[i]);
  const [x, y] = [kept(a), kept(b)];
  const difference = x.reduce((most, value, i) => Math.max(most, Math.abs(value - (y[i] as number))), 0);
  return { cosine: cosine(unit(x), unit(y)), max_abs: Number.isFinite(difference) ? difference : null };
}

function cosine(x: Float64Array, y: Float64Array): number {
  if (!x.some(Boolean) || !y.some(Boolean)) return Number(x.some(Boolean) === y.some(Boolean));
  return Math.min(1, Math.max(-1, dot(x, y)));
}

const dot = (x: Float64Array, y: Float64Array): number =>
  x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);

function unit(x: Float64Array): Float64Array {
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return x;
  const scaled = x.map((value) => value / largest); // first: squares of large or small values leave float64's range
  const norm = Math.sqrt(dot(scaled, scaled));
  return scaled.map((value) => value / norm);
}

function numbers({ dtype, data }: Tensor): Float64Array {
  if (dtype === 'float16') return Float64Array.from(data as Uint16Array, half);
  return Float64Array.from(data as Exclude<Data, BigInt64Array | BigUint64Array>, Number);
}

/** Return the number that 16 bits stand for. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}
