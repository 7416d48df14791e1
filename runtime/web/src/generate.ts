/** Generation: one token after the other, each step feeding the last token and the cache so far. */

import type { Buckets } from './buckets.js';
import { capacityFor, freshCache } from './cache.js';
import { checkInputs, checkTokenIds } from './contract.js';
import { BundleError, InputError } from './errors.js';
import { type Generation, type Graph, type Manifest, named, type TensorSpec } from './manifest.js';
import { checkSampling, choose, type Sampling } from './sampling.js';
import { resized, type Tensor, type Tensors, tensor } from './tensor.js';

/** Token ids, at least one: the sequence so far, or what an encoder reads; or its sources by name, with a batch of 1. */
export type Prompt = readonly number[] | Tensors;

export type GenerateOptions = Sampling & {
  /** Token ids that begin an encoder-decoder's answer, at least one; none for a decoder alone. */
  readonly start?: readonly number[];
  /** The most to yield; left out, as many as there are positions. */
  readonly maxNewTokens?: number;
  /** Token ids that end it, and are not yielded. */
  readonly stop?: readonly number[];
};

/**
 * Yield the new tokens as they come, to a stop token, the number asked for, or the model's last position.
 *
 * @throws InputError with the first token, where the prompt or an option is none to generate with.
 */
export async function* generate(
  manifest: Manifest,
  graph: (name: string) => Buckets,
  prompt: Prompt,
  options: GenerateOptions,
): AsyncGenerator<number, void> {
  const { generation, graphs } = manifest;
  if (!generation)
    throw new InputError(`${manifest.name}: no generation in its manifest; export a decoder with a key-value cache`);
  checkSampling(options);
  const decoder = graphs[generation.decoder] as Graph;
  const words = named(decoder.outputs, generation.logits).dims[2] as number;
  const stops = new Set(checkTokens('stop', options.stop ?? [], words, 0));
  const begin = beginning(generation, prompt, options.start ?? [], words);
  const count = most(options.maxNewTokens, begin.length, generation.positions);
  const carried = await encoded(manifest, graph, prompt);
  let [tokens, held] = [begin, 0];
  let state = freshCache(generation, decoder, 1, capacityFor(begin.length, generation.positions));
  for (let i = 0; i < count; i++) {
    const capacity = capacityFor(held + tokens.length, generation.positions);
    const past = roomy(generation, state, capacity, held);
    const inputs = { ...past, ...carried, [generation.tokens]: tensor('int64', [1, tokens.length], tokens) };
    const outputs = await graph(generation.decoder).run(inputs, {});
    const token = next(outputs[generation.logits] as Tensor, words, options);
    if (stops.has(token)) return;
    yield token;
    state = Object.fromEntries(generation.cache.map(({ past: input, present }) => [input, outputs[present] as Tensor]));
    [held, tokens] = [held + tokens.length, [token]];
  }
}

/** Return the cache with how many tokens it holds, and room for so many. */
function roomy({ length, cache }: Generation, state: Tensors, capacity: number, held: number): Tensors {
  const pasts = cache.map(({ past }): [string, Tensor] => {
    const tensor = state[past] as Tensor;
    const [batch, heads, room, size] = tensor.dims as [number, number, number, number];
    return [past, room === capacity ? tensor : resized(tensor, [batch, heads, capacity, size])];
  });
  return { [length]: tensor('int64', [1], [held]), ...Object.fromEntries(pasts) };
}

function next({ data }: Tensor, words: number, sampling: Sampling): number {
  const logits = (data as Float32Array).subarray(-words);
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY); // of a NaN, NaN
  if (!Number.isFinite(largest))
    throw new BundleError(`logits whose largest is ${largest} found, a finite number expected; export again`);
  return choose(logits, sampling);
}

/** Return the tokens that the decoder begins with. */
function beginning(generation: Generation, prompt: Prompt, start: readonly number[], words: number): readonly number[] {
  const paired = generation.encoder !== undefined;
  if (!paired && start.length)
    throw new InputError('start: tokens found, none expected: a decoder alone begins with its prompt');
  const [name, tokens] = paired ? ['start', start] : ['prompt', prompt];
  checkTokens(name, tokens, words, 1);
  const { length } = tokens as readonly number[];
  if (generation.positions !== null && length > generation.positions) {
    throw new InputError(
      `${name}: ${length} tokens found, at most ${generation.positions} expected: the model's positions; shorten it`,
    );
  }
  return tokens as readonly number[];
}

function checkTokens(name: string, tokens: unknown, words: number, least: number): readonly number[] {
  if (!Array.isArray(tokens)) throw new InputError(`${name}: token ids expected, such as [1, 2, 3]`);
  if (tokens.length < least) throw new InputError(`${name}: no token found, at least ${least} expected`);
  const strange = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= words);
  if (strange !== undefined)
    throw new InputError(`${name}: token ${strange} found, 0 to ${words - 1} expected; check the tokenizer`);
  return tokens;
}

/** Return how many tokens there may be: the last is yielded, and never fed. */
function most(asked: number | undefined, begun: number, positions: number | null): number {
  if (asked === undefined && positions === null)
    throw new InputError('maxNewTokens: none found, a number expected: the model has no last position');
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 1))
    throw new InputError(`maxNewTokens: ${asked} found, at least 1 expected`);
  return Math.min(
    asked ?? Number.POSITIVE_INFINITY,
    positions === null ? Number.POSITIVE_INFINITY : positions - begun + 1,
  );
}

/** Run the encoder, where there is one, and return what its decoder takes of it in every call. */
async function encoded(manifest: Manifest, graph: (name: string) => Buckets, prompt: Prompt): Promise<Tensors> {
  const { generation, graphs, symbols } = manifest;
  const { encoder, carried = [], decoder = '', tokens = '' } = generation ?? {};
  if (encoder === undefined) return {};
  const { inputs } = graphs[encoder] as Graph;
  const sources = Array.isArray(prompt) ? source(prompt, inputs) : (prompt as Tensors);
  const sizes = checkInputs(inputs, symbols, sources);
  checkTokenIds(manifest, sources);
  const rows = sizes[named((graphs[decoder] as Graph).inputs, tokens).dims[0] as string] ?? 1;
  if (rows !== 1) throw new InputError(`prompt: ${rows} sequences found, 1 expected; generate for each by itself`);
  const outputs = await graph(encoder).run(sources, sizes);
  return Object.fromEntries(carried.map((name) => [name, outputs[name] as Tensor]));
}

/** Return token ids as the only input of an encoder; its vocabulary may be another, and the manifest does not tell it. */
function source(prompt: readonly number[], inputs: readonly TensorSpec[]): Tensors {
  const [spec, ...others] = inputs as [TensorSpec];
  if (others.length || !spec.dtype.includes('int') || spec.dims.length !== 2) {
    throw new InputError(
      `prompt: token ids found, tensors by name expected by the encoder: ${inputs.map(({ name }) => name).join(', ')}`,
    );
  }
  return {
    [spec.name]: tensor(spec.dtype, [1, prompt.length], checkTokens('prompt', prompt, Number.MAX_SAFE_INTEGER, 1)),
  };
}
