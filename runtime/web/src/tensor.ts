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

/** The array of a dtype's numbers. */
export type DataOf<D extends Dtype> = InstanceType<(typeof ARRAYS)[D]>;

export type Data = DataOf<Dtype>;

/** Numbers of one dtype in C order, and their dims; of several dtypes, whose array is known once the dtype is compared. */
export type TensorOf<D extends Dtype> = D extends Dtype
  ? { readonly dtype: D; readonly dims: readonly number[]; readonly data: DataOf<D> }
  : never;

/** A tensor of any dtype. */
export type Tensor = TensorOf<Dtype>;

export type Tensors = Readonly<Record<string, Tensor>>;

/** Return how many numbers dims hold. */
export const count = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** Put a dtype, dims and the array of that dtype together. */
export const assembled = (dtype: Dtype, dims: readonly number[], data: Data): Tensor =>
  ({ dtype, dims, data }) as Tensor;

/** Return a tensor of zeros. */
export const zeros = (dtype: Dtype, dims: readonly number[]): Tensor =>
  assembled(dtype, dims, new ARRAYS[dtype](count(dims)));

/**
 * Return numbers in C order as a tensor of a dtype; a float16 takes its 16 bits.
 *
 * @throws InputError where an integer's array cannot hold a number, or the dims hold another number of them.
 */
export function tensor<D extends Dtype>(
  dtype: D,
  dims: readonly number[],
  numbers: ArrayLike<number | bigint>,
): TensorOf<D> {
  if (!Object.hasOwn(ARRAYS, dtype))
    throw new InputError(`dtype: ${dtype} found, one of ${Object.keys(ARRAYS).join(', ')} expected`);
  if (!Array.isArray(dims) || typeof numbers?.length !== 'number')
    throw new InputError(`${typeof dims} and ${typeof numbers} found, dims such as [1, 3] and their numbers expected`);
  if (count(dims) !== numbers.length)
    throw new InputError(`${numbers.length} numbers found, ${count(dims)} of dims [${dims}] expected`);
  const data = new ARRAYS[dtype](numbers.length);
  const whole = !(data instanceof Float32Array || data instanceof Float64Array);
  for (let i = 0; i < numbers.length; i++) {
    const given = numbers[i];
    const number = typeof given === 'bigint' ? Number(given) : typeof given === 'number' ? given : Number.NaN;
    const integer = Number.isInteger(number);
    if (integer || !whole) data[i] = dtype.endsWith('int64') ? BigInt(given as number) : number;
    const kept = !whole || (integer && Number(data[i]) === number);
    if (!kept) throw new InputError(`${String(given)} found, which ${dtype} cannot hold`);
  }
  return assembled(dtype, dims, data) as TensorOf<D>;
}

/** Return the numbers of a tensor as a list; of 64 bits too, as far as a number is exact. */
export const numbersOf = ({ data }: Tensor): number[] => Array.from(data as ArrayLike<number | bigint>, Number);

/** Return some places of a tensor along an axis, in an order; one may be there several times. */
export function taken({ dtype, dims, data }: Tensor, places: readonly number[], axis = 0): Tensor {
  const [outer, size] = [count(dims.slice(0, axis)), count(dims.slice(axis + 1))];
  const result = zeros(dtype, dims.with(axis, places.length));
  for (let i = 0, end = 0; i < outer; i++) {
    for (const place of places) {
      const from = (i * (dims[axis] as number) + place) * size;
      end = put(result.data, data.subarray(from, from + size), end);
    }
  }
  return result;
}

/** Return some rows of a tensor, its first dim, beginning with one; behind its last row that one is repeated. */
export function rowsOf(tensor: Tensor, first: number, rows: number): Tensor {
  const last = (tensor.dims[0] ?? 1) - 1;
  return taken(
    tensor,
    Array.from({ length: rows }, (_, i) => Math.min(first + i, last)),
  );
}

/** Return tensors, alike in all other dims, behind one another along an axis. */
export function stacked(parts: readonly Tensor[], axis = 0): Tensor {
  const [first] = parts as readonly [Tensor];
  if (parts.length === 1) return first;
  const lengths = parts.map(({ dims }) => dims[axis] as number);
  const whole = zeros(
    first.dtype,
    first.dims.with(
      axis,
      lengths.reduce((sum, each) => sum + each, 0),
    ),
  );
  const [outer, size] = [count(first.dims.slice(0, axis)), count(first.dims.slice(axis + 1))];
  for (let i = 0, end = 0; i < outer; i++) {
    for (const [p, { data }] of parts.entries()) {
      const part = (lengths[p] as number) * size;
      end = put(whole.data, data.subarray(i * part, (i + 1) * part), end);
    }
  }
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
