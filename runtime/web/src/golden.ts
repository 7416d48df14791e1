/** Golden vectors: real inputs and PyTorch's outputs for them, replayed where the bundle runs. */

import { BundleError, reason } from './errors.js';
import { type Graph, type Manifest, mainGraph } from './manifest.js';
import { readSafetensors } from './safetensors.js';
import { compare } from './similarity.js';
import type { Tensor, Tensors } from './tensor.js';

/** One call as PyTorch answered it. */
export type Sample = { readonly inputs: Tensors; readonly outputs: Tensors };

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
export function readGolden(manifest: Manifest, content: Uint8Array): Sample[] {
  const { file, samples } = manifest.golden;
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
  for (let i = 0; i < samples; i++)
    found.push({ inputs: take(`${i}.input.`, inputs), outputs: take(`${i}.output.`, outputs) });
  const [extra] = tensors.keys();
  if (extra !== undefined)
    throw new BundleError(`${file}: tensor ${extra} found, which no sample has; export the model again`);
  return found;
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
  for (const [sample, { inputs, outputs }] of samples.entries()) {
    const found = await run(inputs);
    for (const [output, expected] of Object.entries(outputs)) {
      const { cosine, max_abs } = compare(found[output] as Tensor, expected);
      results.push({ sample, output, cosine, max_abs, ok: cosine >= tolerance(inputs) });
    }
  }
  return results;
}
