/** Tensors as calls take and give them. */

import { InputError } from './errors.js';
import type { Dtype } from './manifest.js';

/** The array that holds each dtype's numbers: a bool is a byte, a float16 its 16 bits. */
export const ARRAYS = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

export type Data = InstanceType<(typeof ARRAYS)[Dtype]>;

/** Numbers in C order, and their dims. */
export type Tensor = { readonly dtype: Dtype; readonly dims: readonly number[]; readonly data: Data };

export type Tensors = Readonly<Record<string, Tensor>>;

/** Return how many numbers dims hold. */
export const count = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** Return a tensor of zeros. */
export const zeros = (dtype: Dtype, dims: readonly number[]): Tensor => ({
  dtype,
  dims,
  data: new ARRAYS[dtype](count(dims)),
});

/**
 * Return numbers in C order as a tensor of a dtype; a float16 takes its 16 bits.
 *
 * @throws InputError where an integer's array cannot hold a number.
 */
export function tensor(dtype: Dtype, dims: readonly number[], numbers: readonly number[]): Tensor {
  const data = new ARRAYS[dtype](numbers.length);
  const whole = !(data instanceof Float32Array || data instanceof Float64Array);
  for (const [i, number] of numbers.entries()) {
    const integer = Number.isInteger(number);
    if (integer || !whole) data[i] = dtype.endsWith('int64') ? BigInt(number) : number;
    const kept = !whole || (integer && Number(data[i]) === number);
    if (!kept) throw new InputError(`${number} found, which ${dtype} cannot hold`);
  }
  return { dtype, dims, data };
}

/** Return some rows of a tensor, its first dim, beginning with one; behind its last row that one is repeated. */
export function rowsOf({ dtype, dims: [all = 1, ...rest], data }: Tensor, first: number, rows: number): Tensor {
  const [part, size] = [zeros(dtype, [rows, ...rest]), count(rest)];
  for (let i = 0; i < rows; i++) {
    const from = Math.min(first + i, all - 1) * size;
    put(part.data, data.subarray(from, from + size), i * size);
  }
  return part;
}

/** Return tensors behind one another along their first dim. */
export function stacked(parts: readonly Tensor[]): Tensor {
  const [{ dtype, dims }] = parts as readonly [Tensor];
  const whole = zeros(dtype, [parts.reduce((sum, part) => sum + (part.dims[0] ?? 1), 0), ...dims.slice(1)]);
  parts.reduce((end, { data }) => put(whole.data, data, end), 0);
  return whole;
}

/** Return a tensor cut, or filled up at its ends with one number, to other dims; it has at least one dim. */
export function resized({ dtype, dims: old, data }: Tensor, dims: readonly number[], filling = 0): Tensor {
  const result = zeros(dtype, dims);
  if (filling !== 0) result.data.fill((dtype.endsWith('int64') ? BigInt(filling) : filling) as never);
  const copy = (axis: number, from: number, to: number): void => {
    const [was, is] = [old[axis] as number, dims[axis] as number];
    const kept = Math.min(was, is);
    if (axis === dims.length - 1) put(result.data, data.subarray(from * was, from * was + kept), to * is);
    else for (let i = 0; i < kept; i++) copy(axis + 1, from * was + i, to * is + i);
  };
  copy(0, 0, 0);
  return result;
}

/** Copy numbers of one dtype into an array of it, and return where they end. */
function put(target: Data, source: Data, at: number): number {
  (target as Uint8Array).set(source as Uint8Array, at);
  return at + source.length;
}
