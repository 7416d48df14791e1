/** Numbers drawn by a seed: those of numpy's `default_rng(seed).random()`, so that a seed means the same everywhere. */

import { readCount } from './prompt.js';
import type { Random } from './sampling.js';

const POOL = 4; // words of 32 bits that a seed is spread over
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

/**
 * Return a generator of numbers from 0 to below 1: PCG64 (O'Neill 2014), seeded as numpy's SeedSequence does.
 *
 * @throws InputError where the seed is no integer of at least 0.
 */
export function seeded(seed: number): Random {
  const [a, b, c, d] = state(readCount('seed', seed, 0));
  const increment = wide(((((c as bigint) << 64n) | (d as bigint)) << 1n) | 1n);
  const step = (from: bigint): bigint => wide(from * MULTIPLIER + increment);
  let current = step(step(0n) + (((a as bigint) << 64n) | (b as bigint)));
  return () => {
    current = step(current);
    const mixed = BigInt.asUintN(64, (current >> 64n) ^ current);
    const turn = current >> 122n;
    const rotated = BigInt.asUintN(64, (mixed >> turn) | (mixed << ((64n - turn) & 63n)));
    return Number(rotated >> 11n) / 2 ** 53;
  };
}

const wide = (number: bigint): bigint => BigInt.asUintN(128, number);

/** Return four words of 64 bits, as numpy's SeedSequence makes them of a seed (O'Neill's seed_seq_fe). */
function state(seed: number): bigint[] {
  const entropy = [seed >>> 0, Math.floor(seed / 2 ** 32)];
  const hash = hashing(0x43b0d7e5, 0x931e8875);
  const pool = Array.from({ length: POOL }, (_, i) => hash(entropy[i] ?? 0));
  const mix = (x: number, y: number): number => shifted(Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y));
  for (let from = 0; from < POOL; from++) {
    for (let to = 0; to < POOL; to++) {
      if (from !== to) pool[to] = mix(pool[to] as number, hash(pool[from] as number));
    }
  }
  const draw = hashing(0x8b51f9dd, 0x58f38ded);
  const words = Array.from({ length: 2 * POOL }, (_, i) => BigInt(draw(pool[i % POOL] as number)));
  return Array.from({ length: POOL }, (_, i) => (words[2 * i] as bigint) | ((words[2 * i + 1] as bigint) << 32n));
}

const shifted = (word: number): number => ((word >>> 0) ^ (word >>> 16)) >>> 0;

/** Return a hash of 32 bits whose constant moves on with every word. */
function hashing(begin: number, multiplier: number): (word: number) => number {
  let constant = begin;
  return (word) => {
    const mixed = word ^ constant;
    constant = Math.imul(constant, multiplier);
    return shifted(Math.imul(mixed, constant));
  };
}
