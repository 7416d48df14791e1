/** The key-value cache of a decoder: how it begins, gets room, and is checked. */

import { availableMemoryMb } from '#platform';
import { checkInputs } from './contract.js';
import { InputError } from './errors.js';
import { type Generation, type Graph, type Manifest, named } from './manifest.js';
import { ARRAYS, count, numbersOf, type Tensor, type Tensors, zeros } from './tensor.js';

const BLOCK = 64; // tokens that a cache grows by: attention reads its whole capacity, so it is kept near what it holds

/** Return a cache that holds nothing, with room for so many tokens. */
export const emptyCache = (
  { cache }: Generation,
  { inputs }: Graph,
  batch: number,
  capacity: number,
): Record<string, Tensor> =>
  Object.fromEntries(
    cache.map(({ past }) => {
      const { dtype, dims } = named(inputs, past);
      const [, heads, , size] = dims as [string, number, string, number];
      return [past, zeros(dtype, [batch, heads, capacity, size])];
    }),
  );

/**
 * Return a decoder's inputs; where none of its cache is among them, with an empty one of just enough room.
 *
 * @throws InputError where they break the contract, or the cache has no room for them.
 */
export function withCache(
  generation: Generation,
  graph: Graph,
  symbols: Manifest['symbols'],
  inputs: Tensors,
): Tensors {
  const cache = [generation.length, ...generation.cache.map(({ past }) => past)];
  const given = cache.some((name) => Object.hasOwn(inputs ?? {}, name));
  checkInputs(given ? graph.inputs : graph.inputs.filter(({ name }) => !cache.includes(name)), symbols, inputs);
  if (given) {
    checkRoom(generation, inputs);
    return inputs;
  }
  const [batch = 1, sequence = 1] = inputs[generation.tokens]?.dims ?? [];
  return { ...inputs, [generation.length]: zeros('int64', [1]), ...emptyCache(generation, graph, batch, sequence) };
}

/** Return the room that a cache is given for so many tokens. */
export const capacityFor = (total: number, positions: number | null): number =>
  Math.min(Math.ceil(total / BLOCK) * BLOCK, positions ?? Number.POSITIVE_INFINITY);

/** Check that a cache of so many tokens, in so many rows, can be had: its tensors are resized one by one. */
export function checkMemory(generation: Generation, { inputs }: Graph, total: number, rows: number): void {
  const capacity = capacityFor(total, generation.positions);
  const sizes = generation.cache.map(({ past }) => {
    const { dtype, dims } = named(inputs, past);
    const [, heads, , size] = dims as [string, number, string, number];
    return (count([rows, heads, capacity, size]) * ARRAYS[dtype].BYTES_PER_ELEMENT) / 1e6;
  });
  const needed = sizes.reduce((sum, size) => sum + size, Math.max(...sizes));
  const available = availableMemoryMb();
  if (needed > available)
    throw new InputError(
      `a cache of ${total} tokens in ${rows} row(s): ${needed.toFixed(1)} MB needed while it grows, ` +
        `${available.toFixed(1)} MB available; ask for fewer new tokens, beams or prompts at once`,
    );
}

/** Check that the cache has room for a call's tokens; throws InputError. */
function checkRoom({ length, cache, tokens }: Generation, inputs: Tensors): void {
  const [held = 0] = numbersOf(inputs[length] as Tensor);
  const added = inputs[tokens]?.dims[1] as number;
  const capacity = inputs[cache[0]?.past ?? '']?.dims[2] as number;
  if (held >= 0 && held + added <= capacity) return;
  throw new InputError(
    `${length}: ${held} tokens found before ${added} new ones in a cache with room for ${capacity}; give a larger one`,
  );
}
