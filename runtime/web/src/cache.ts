/** The key-value cache of a decoder: how it begins, gets room, and is checked. */

import { checkInputs } from './contract.js';
import { InputError } from './errors.js';
import { type Generation, type Graph, type Manifest, named } from './manifest.js';
import { type Tensor, type Tensors, zeros } from './tensor.js';

const BLOCK = 64; // tokens that a cache grows by: attention reads its whole capacity, so it is kept near what it holds

/** Return what a decoder takes beside its tokens where nothing came before them. */
export function freshCache({ length, cache }: Generation, { inputs }: Graph, batch: number, capacity: number): Tensors {
  const pasts = cache.map(({ past }): [string, Tensor] => {
    const [, heads, , size] = named(inputs, past).dims as [string, number, string, number];
    return [past, zeros('float32', [batch, heads, capacity, size])];
  });
  return { [length]: zeros('int64', [1]), ...Object.fromEntries(pasts) };
}

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
  const { dims } = inputs[generation.tokens] as Tensor;
  const [batch, sequence] = dims as readonly [number, number];
  return { ...inputs, ...freshCache(generation, graph, batch, sequence) };
}

/** Return the room that a cache is given for so many tokens. */
export const capacityFor = (total: number, positions: number | null): number =>
  Math.min(Math.ceil(total / BLOCK) * BLOCK, positions ?? Number.POSITIVE_INFINITY);

/** Check that the cache has room for a call's tokens; throws InputError. */
function checkRoom({ length, cache, tokens }: Generation, inputs: Tensors): void {
  const [held, added] = [Number(inputs[length]?.data[0]), inputs[tokens]?.dims[1] as number];
  const capacity = inputs[cache[0]?.past ?? '']?.dims[2] as number;
  if (held >= 0 && held + added <= capacity) return;
  throw new InputError(
    `${length}: ${held} tokens found before ${added} new ones in a cache with room for ${capacity}; give a larger one`,
  );
}
