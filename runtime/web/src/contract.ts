/** A graph's contract: which tensors it takes, checked before the engine sees them. */

import { InputError } from './errors.js';
import { allows, type Graph, type Manifest, range, type TensorSpec, written } from './manifest.js';
import { ARRAYS, count, type Tensor, type Tensors } from './tensor.js';

/**
 * Check a call's inputs, and return the size of every symbol in them.
 *
 * @throws InputError: an unknown or missing name, another dtype or number of dims, a dim that differs from its size,
 *     its bounds or the same symbol elsewhere, a NaN, an index outside of its lookup table, or lengths whose longest is
 *     not the size of their axis.
 */
export function checkInputs(
  specs: Graph['inputs'],
  symbols: Manifest['symbols'],
  inputs: Tensors,
): Record<string, number> {
  if (typeof inputs !== 'object' || inputs === null) {
    throw new InputError(`inputs: ${inputs} found, tensors by name expected`);
  }
  const expected = specs.map(({ name }) => name);
  const unknown = Object.keys(inputs).filter((name) => !expected.includes(name));
  const missing = expected.filter((name) => !Object.hasOwn(inputs, name));
  if (unknown.length || missing.length) {
    const faults = [...unknown.map((name) => `unknown ${name}`), ...missing.map((name) => `missing ${name}`)];
    throw new InputError(`inputs: ${faults.join(', ')}; expected ${expected.join(', ')}`);
  }
  for (const spec of specs) checkTensor(spec, inputs[spec.name] as Tensor);
  const sizes = bind(specs, inputs);
  for (const [symbol, size] of Object.entries(sizes)) {
    const bounds = symbols[symbol] as Manifest['symbols'][string];
    if (!allows(bounds, size)) throw new InputError(`dim ${symbol}: ${size} found, ${range(bounds)} expected`);
  }
  for (const spec of specs) checkLongest(spec, inputs[spec.name] as Tensor, sizes);
  return sizes;
}

/** Return what to say of an index that an input holds, outside of a lookup table of so many rows. */
export const outOfTable = (name: string, index: number | bigint, rows: number): string =>
  `${name} holds ${index}, out of range for a lookup table of ${rows} rows; give 0 to ${rows - 1}`;

/**
 * Check that an input which the manifest names as token ids has none below 0, also where no table is known that they
 * index; throws InputError.
 */
export function checkTokenIds({ generation, processing }: Manifest, inputs: Tensors): void {
  for (const name of [generation?.tokens, processing?.text?.ids]) {
    for (const id of (inputs[name ?? '']?.data ?? []) as Iterable<number | bigint>)
      if (id < 0) throw new InputError(`${name}: token id ${id} found, at least 0 expected; check the tokenizer`);
  }
}

/** Return the size of every symbol; throws InputError where one has two, or a fixed dim is another. */
export function bind(specs: Graph['inputs'], tensors: Tensors): Record<string, number> {
  const sizes: Record<string, number> = Object.create(null);
  for (const spec of specs) {
    for (const [axis, dim] of spec.dims.entries()) {
      const found = tensors[spec.name]?.dims[axis] as number;
      if (typeof dim === 'string') sizes[dim] ??= found;
      const expected = typeof dim === 'string' ? sizes[dim] : dim;
      if (found === expected) continue;
      throw new InputError(`${written(spec)}: ${found} found on axis ${axis}, ${expected} expected`);
    }
  }
  return sizes;
}

function checkTensor(spec: TensorSpec, given: Partial<Tensor> | null): void {
  const { dtype, dims, data } = given ?? {};
  const refuse = (found: string, expected: string): never => {
    throw new InputError(`${written(spec)}: ${found} found, ${expected} expected`);
  };
  if (dtype !== spec.dtype) refuse(`dtype ${dtype}`, spec.dtype);
  if (!(data instanceof ARRAYS[spec.dtype])) refuse(data?.constructor.name ?? 'no data', ARRAYS[spec.dtype].name);
  if (dims?.length !== spec.dims.length) refuse(`${dims?.length ?? 'no'} dims`, `${spec.dims.length}`);
  if (count(dims ?? []) !== data?.length) refuse(`${data?.length} numbers`, `${count(dims ?? [])} of dims [${dims}]`);
  if (hasNaN(data as Tensor['data'], spec.dtype)) refuse('NaN', 'numbers');
  if (spec.table_rows !== undefined) checkIndices(spec.name, data as Iterable<number | bigint>, spec.table_rows);
}

/** Refuse what a table has no row for: ONNX would take an index below 0 from its end. */
function checkIndices(name: string, data: Iterable<number | bigint>, rows: number): void {
  for (const index of data) if (index < 0 || index >= rows) throw new InputError(outOfTable(name, index, rows));
}

/** Refuse lengths whose longest is not the size of their axis: the graph takes it to be. */
function checkLongest({ name, lengths_of: symbol }: TensorSpec, { data }: Tensor, sizes: Record<string, number>): void {
  const size = sizes[symbol ?? ''];
  if (size === undefined) return;
  let longest: number | bigint | undefined;
  for (const length of data as Iterable<number | bigint>)
    if (longest === undefined || length > longest) longest = length;
  if (longest === undefined || Number(longest) === size) return;
  throw new InputError(`the longest of ${name} is ${longest}, the size of ${symbol} ${size}; pad to the longest`);
}

function hasNaN(data: Tensor['data'], dtype: string): boolean {
  if (dtype === 'float16') return (data as Uint16Array).some((bits) => (bits & 0x7fff) > 0x7c00);
  return (data instanceof Float32Array || data instanceof Float64Array) && data.some(Number.isNaN);
}
