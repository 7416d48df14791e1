/** Golden vectors: real inputs and PyTorch's outputs for them, replayed where the bundle runs. */

import { BundleError, reason } from './errors.js';
import { type Graph, type Manifest, mainGraph, type TensorSpec } from './manifest.js';
import { readSafetensors } from './safetensors.js';
import { count, type Tensor, type TensorOf, type Tensors } from './tensor.js';

/** Which numbers of an output are held: at these places, ascending, of the flattened output of these dims. */
export type Excerpt = { readonly dims: readonly number[]; readonly places: Int32Array };

/** One call as PyTorch answered it. Of an output with an excerpt, `outputs` holds these numbers in one axis. */
export type Sample = {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  readonly excerpts: Readonly<Record<string, Excerpt>>;
};

/** What golden vectors are: samples, and by output the units of its errors, broadcast along its fixed trailing dims. */
export type GoldenVectors = {
  readonly samples: readonly Sample[];
  readonly spreads: Readonly<Record<string, TensorOf<'float32'>>>;
};

/** How near two outputs are; null where no number says it: other dims, a NaN or an infinity on one side. */
export type Likeness = {
  /** The root mean square of the numbers' errors, each in units of its channel's spread. */
  readonly error: number | null;
  /** The largest absolute difference. */
  readonly max_abs: number | null;
};

/** How near one output of one sample came. */
export type GoldenResult = Likeness & {
  readonly sample: number;
  readonly output: string;
  /** Whether the error keeps to the tolerance. */
  readonly ok: boolean;
};

/** Read a bundle's golden vectors; throws BundleError where they are not what the manifest calls for. */
export function readGolden(
  manifest: Manifest,
  { file, samples }: { readonly file: string; readonly samples: number },
  content: Uint8Array,
): GoldenVectors {
  const tensors = read(file, content);
  const { inputs, outputs } = manifest.graphs[mainGraph(manifest)] as Graph;
  const take = (prefix: string, specs: readonly { readonly name: string }[]): Tensors => {
    const taken = specs.map(({ name }): [string, Tensor] => {
      const tensor = tensors.get(prefix + name);
      if (!tensor) throw new BundleError(`${file}: tensor ${prefix}${name} missing; export the model again`);
      tensors.delete(prefix + name);
      return [name, tensor];
    });
    return Object.fromEntries(taken);
  };
  const spreads = outputs.map((output): [string, TensorOf<'float32'>] => {
    const [{ name }, fixed] = [output, channelDims(output)];
    const tensor = take('spread.', [output])[name] as Tensor;
    const broadcast =
      tensor.dims.length === fixed.length && tensor.dims.every((length, i) => length === 1 || length === fixed[i]);
    if (broadcast && tensor.dtype === 'float32' && tensor.data.every((each) => each > 0 && each < Infinity))
      return [name, tensor];
    const expected = `float32 of finite numbers above 0, of dims [${fixed}] or 1 in their place`;
    throw new BundleError(`${file}: spread.${name} is no ${expected}; export the model again`);
  });
  const found: Sample[] = [];
  for (let i = 0; i < samples; i++) {
    const [given, held] = [take(`${i}.input.`, inputs), take(`${i}.output.`, outputs)];
    const parts = outputs.filter(({ name }) => tensors.has(`${i}.places.${name}`));
    const [places, dims] = [take(`${i}.places.`, parts), take(`${i}.dims.`, parts)];
    const excerpts = parts.map(({ name }): [string, Excerpt] => {
      const excerpt = excerptOf(places[name] as Tensor, dims[name] as Tensor, held[name] as Tensor);
      if (excerpt) return [name, excerpt];
      const what = `places or dims of ${i}.output.${name}`;
      throw new BundleError(`${file}: ${what} are not those of an excerpt; export the model again`);
    });
    for (const output of outputs) {
      const [{ name }, fixed] = [output, channelDims(output)];
      const { dims } = excerpts.find(([excerpted]) => excerpted === name)?.[1] ?? (held[name] as Tensor);
      if (dims.length < fixed.length || fixed.some((dim, k) => dims.at(k - fixed.length) !== dim)) {
        const what = `dims [${dims}] of ${i}.output.${name}, the last [${fixed}] expected`;
        throw new BundleError(`${file}: ${what}; export the model again`);
      }
    }
    found.push({ inputs: given, outputs: held, excerpts: Object.fromEntries(excerpts) });
  }
  const [extra] = tensors.keys();
  if (extra !== undefined)
    throw new BundleError(`${file}: tensor ${extra} found, which no sample has; export the model again`);
  return { samples: found, spreads: Object.fromEntries(spreads) };
}

/** Return the fixed trailing dims of an output, whose places are its channels. */
const channelDims = ({ dims }: TensorSpec): number[] =>
  dims.slice(dims.findLastIndex((dim) => typeof dim === 'string') + 1) as number[];

/** Return which numbers of an output are held; nothing where these are none of it. */
function excerptOf(places: Tensor, dims: Tensor, held: Tensor): Excerpt | undefined {
  const integers = [places, dims].every((each) => each.dtype === 'int32' && each.dims.length === 1);
  if (!integers || String(held.dims) !== String(places.dims)) return undefined;
  const [at, sizes] = [places.data as Int32Array, Array.from(dims.data as Int32Array)];
  const size = count(sizes);
  const inside = at.every((place, i) => place > (i ? (at[i - 1] as number) : -1) && place < size);
  return inside && sizes.every((dim) => dim >= 0) ? { dims: sizes, places: at } : undefined;
}

/** Compare an answer with the numbers that are held of PyTorch's. What is NaN or the same infinity in both is left out. */
export function compare(answer: Tensor, expected: Tensor, spread: TensorOf<'float32'>, excerpt?: Excerpt): Likeness {
  const nothing = { error: null, max_abs: null };
  if (String(answer.dims) !== String((excerpt ?? expected).dims)) return nothing;
  const [found, wanted, unit] = [numberAt(answer), numberAt(expected), unitAt(spread, answer.dims)];
  let [total, counted, largest] = [0, 0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const place = excerpt ? (excerpt.places[i] as number) : i;
    const [a, b] = [found(place), wanted(i)];
    if (Number.isFinite(a) && Number.isFinite(b)) {
      const part = (a - b) / unit(place);
      total += part * part;
      largest = Math.max(largest, Math.abs(a - b));
      counted++;
    } else if (!Object.is(a, b)) return nothing;
  }
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return { error: finite(Math.sqrt(total / Math.max(counted, 1))), max_abs: finite(largest) };
}

/** Return the unit of the number at each place of a flattened output of these dims. */
function unitAt({ dims, data }: TensorOf<'float32'>, output: readonly number[]): (place: number) => number {
  const first = output.length - dims.length;
  return (place) => {
    let unit = 0;
    for (let [i, rest, stride] = [dims.length - 1, place, 1]; i >= 0; i--) {
      const [length, dim] = [dims[i] as number, output[first + i] as number];
      unit += length === 1 ? 0 : (rest % dim) * stride;
      rest = Math.floor(rest / dim);
      stride *= length;
    }
    return data[unit] as number;
  };
}

function numberAt({ dtype, data }: Tensor): (place: number) => number {
  return dtype === 'float16' ? (place) => half(data[place] as number) : (place) => Number(data[place]);
}

/** Return the number that 16 bits stand for. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

function read(file: string, content: Uint8Array): Map<string, Tensor> {
  try {
    return readSafetensors(content);
  } catch (error) {
    throw new BundleError(`${file}: not a safetensors file (${reason(error)}); export the model again`);
  }
}

/** Answer the samples' inputs, and compare with the outputs that they hold. */
export async function replay(
  { samples, spreads }: GoldenVectors,
  run: (inputs: Tensors) => Promise<Tensors>,
  tolerance: (inputs: Tensors) => Readonly<Record<string, number>>,
): Promise<GoldenResult[]> {
  const results: GoldenResult[] = [];
  for (const [sample, { inputs, outputs, excerpts }] of samples.entries()) {
    const found = await run(inputs);
    for (const [output, expected] of Object.entries(outputs)) {
      const [answer, spread] = [found[output] as Tensor, spreads[output] as TensorOf<'float32'>];
      const near = compare(answer, expected, spread, excerpts[output]);
      const ok = near.error !== null && near.error <= (tolerance(inputs)[output] as number);
      results.push({ sample, output, ...near, ok });
    }
  }
  return results;
}
