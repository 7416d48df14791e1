/** Golden vectors: real inputs and PyTorch's outputs for them, replayed where the bundle runs. */

import { BundleError, reason } from './errors.js';
import { type Graph, type Manifest, mainGraph } from './manifest.js';
import { readSafetensors } from './safetensors.js';
import { compare } from './similarity.js';
import type { Tensor, Tensors } from './tensor.js';

/** Which numbers of an output are held: at these places, ascending, of the flattened output of these dims. */
export type Excerpt = { readonly dims: readonly number[]; readonly places: Int32Array };

/** One call as PyTorch answered it. Of an output with an excerpt, `outputs` holds these numbers in one axis. */
export type Sample = {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  readonly excerpts: Readonly<Record<string, Excerpt>>;
};

/** How near one output of one sample came. */
export type GoldenResult = {
  readonly sample: number;
  readonly output: string;
  readonly cosine: number;
  /** The largest absolute difference; null where no number says it. */
  readonly max_abs: number | null;
  /** Whether the cosine reaches the tolerance. */
  readonly ok: boolean;
};

/** Read a bundle's golden vectors; throws BundleError where they are not what the manifest calls for. */
export function readGolden(
  manifest: Manifest,
  { file, samples }: { readonly file: string; readonly samples: number },
  content: Uint8Array,
): Sample[] {
  const tensors = read(file, content);
  const { inputs, outputs } = manifest.graphs[mainGraph(manifest)] as Graph;
  const take = (prefix: string, specs: Graph['inputs']): Tensors => {
    const taken = specs.map(({ name }): [string, Tensor] => {
      const tensor = tensors.get(prefix + name);
      if (!tensor) throw new BundleError(`${file}: tensor ${prefix}${name} missing; export the model again`);
      tensors.delete(prefix + name);
      return [name, tensor];
    });
    return Object.fromEntries(taken);
  };
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
    found.push({ inputs: given, outputs: held, excerpts: Object.fromEntries(excerpts) });
  }
  const [extra] = tensors.keys();
  if (extra !== undefined)
    throw new BundleError(`${file}: tensor ${extra} found, which no sample has; export the model again`);
  return found;
}

/** Return which numbers of an output are held; nothing where these are none of it. */
function excerptOf(places: Tensor, dims: Tensor, held: Tensor): Excerpt | undefined {
  const integers = [places, dims].every((each) => each.dtype === 'int32' && each.dims.length === 1);
  if (!integers || String(held.dims) !== String(places.dims)) return undefined;
  const [at, sizes] = [places.data as Int32Array, Array.from(dims.data as Int32Array)];
  const size = sizes.reduce((product, dim) => product * dim, 1);
  const inside = at.every((place, i) => place > (i ? (at[i - 1] as number) : -1) && place < size);
  return inside && sizes.every((dim) => dim >= 0) ? { dims: sizes, places: at } : undefined;
}

/** Return those numbers of an answer that are held, in one axis; the answer itself where it has other dims. */
export function heldOf(answer: Tensor, { dims, places }: Excerpt): Tensor {
  if (String(answer.dims) !== String(dims)) return answer;
  const data = answer.data.slice(0, places.length) as Int32Array; // of whichever type
  places.forEach((place, i) => {
    data[i] = (answer.data as Int32Array)[place] as number;
  });
  return { dtype: answer.dtype, dims: [places.length], data } as Tensor;
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
  samples: readonly Sample[],
  run: (inputs: Tensors) => Promise<Tensors>,
  tolerance: (inputs: Tensors) => number,
): Promise<GoldenResult[]> {
  const results: GoldenResult[] = [];
  for (const [sample, { inputs, outputs, excerpts }] of samples.entries()) {
    const found = await run(inputs);
    for (const [output, expected] of Object.entries(outputs)) {
      const [answer, excerpt] = [found[output] as Tensor, excerpts[output]];
      const { cosine, max_abs } = compare(excerpt ? heldOf(answer, excerpt) : answer, expected);
      results.push({ sample, output, cosine, max_abs, ok: cosine >= tolerance(inputs) });
    }
  }
  return results;
}
