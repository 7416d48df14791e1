/** The key-value cache of a decoder: how it begins, gets room, and is checked. */

import { InputError } from './errors.js';
import { type Generation, type Graph, named } from './manifest.js';
import { type Tensor, type Tensors, zeros } from './tensor.js';

const BLOCK = 64; // tokens that a cache grows by: attention reads its whole capacity, so it is kept near what it holds

/** Return the decoder's inputs that stand for the tokens before. */
export const cacheInputs = ({ length, cache }: Generation): string[] => [length, ...cache.map(({ past }) => past)];

/** Return what a decoder takes beside its tokens where nothing came before them. */
export function freshCache({ length, cache }: Generation, { inputs }: Graph, batch: number, capacity: number): Tensors {
  const pasts = cache.map(({ past }): [string, Tensor] => {
    const [, heads, , size] = named(inputs, past).dims as [string, number, string, number];
    return [past, zeros('float32', [batch, heads, capacity, size])];
  });
  return { [length]: zeros('int64', [1]), ...Object.fromEntries(pasts) };
}

/** Check that the cache has room for a call's tokens; throws InputError. */
export function checkRoom({ length, cache, tokens }: Generation, inputs: Tensors): void {
  const [held, added] = [Number(inputs[length]?.data[0]), inputs[tokens]?.dims[1] as number];
  const capacity = inputs[cache[0]?.past ?? '']?.dims[2] as number;
  if (held >= 0 && held + added <= capacity) return;
  throw new InputError(
    `${length}: ${held} tokens found before ${added} new ones in a cache with room for ${capacity}; give a larger one`,
  );
}

/** Return the room that a cache is given for so many tokens. */
export const capacityFor = (total: number, positions: number | null): number =>
  Math.min(Math.ceil(total / BLOCK) * BLOCK, positions ?? Number.POSITIVE_INFINITY);
