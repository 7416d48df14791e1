/** A decoder, step by step: a batch of sequences of equal length, from an empty cache on. */

import { capacityFor, emptyCache } from './cache.js';
import type { Generation, Graph } from './manifest.js';
import { resized, stacked, type Tensor, type Tensors, taken, tensor } from './tensor.js';

/** Answers a call of the decoder. */
export type Decode = (inputs: Tensors) => Promise<Tensors>;

export class Stepper {
  #length = 0; // tokens in the cache, the same in every row
  #cache: Record<string, Tensor>;
  #carried: Record<string, Tensor>;

  /**
   * @param carried What the encoder gave of the sources; empty for a decoder alone.
   * @param axes Of what it gave a row of for each sequence, the axis of the rows.
   */
  constructor(
    private readonly generation: Generation,
    graph: Graph,
    private readonly axes: ReadonlyMap<string, number>,
    carried: Tensors,
    private rows: number,
  ) {
    this.#carried = { ...carried };
    this.#cache = emptyCache(generation, graph, rows, 0);
  }

  /** How many tokens each sequence has so far. */
  get length(): number {
    return this.#length;
  }

  /** Go on behind the first tokens, at most as many as there are. */
  rewind(length: number): void {
    this.#length = length;
  }

  /** Take the next tokens of each row, as many in each, and return the logits behind the last of them, a row each. */
  async step(decode: Decode, tokens: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const added = tokens[0]?.length ?? 0;
    const { generation } = this;
    this.#makeRoom(capacityFor(this.#length + added, generation.positions));
    const outputs = await decode({
      ...this.#cache,
      ...this.#carried,
      [generation.length]: tensor('int64', [1], [this.#length]),
      [generation.tokens]: tensor('int64', [this.rows, added], tokens.flat()),
    });
    for (const { past, present } of generation.cache) this.#cache[past] = outputs[present] as Tensor;
    this.#length += added;
    const { dims, data } = outputs[generation.logits] as Tensor;
    const words = dims.at(-1) as number;
    return tokens.map((_, row) => {
      const end = (row + 1) * added * words;
      return (data as Float32Array).subarray(end - words, end);
    });
  }

  /** Go on with these rows in the places of the batch; each has what the encoder gave in common with the one before. */
  reorder(rows: readonly number[]): void {
    if (rows.every((row, place) => row === place)) return;
    for (const [name, each] of Object.entries(this.#cache)) this.#cache[name] = taken(each, rows);
  }

  /** Go on with these rows alone, in this order; one may be there several times. */
  keep(rows: readonly number[]): void {
    this.rows = rows.length;
    for (const [name, each] of Object.entries(this.#cache)) this.#cache[name] = taken(each, rows);
    for (const [name, axis] of this.axes) this.#carried[name] = taken(this.#carried[name] as Tensor, rows, axis);
  }

  /** Take the sequences of another stepper of this graph in behind these; both hold as many tokens. */
  join(other: Stepper): void {
    this.rows += other.rows;
    const capacity = Math.max(this.#capacity, other.#capacity);
    for (const each of [this, other]) each.#makeRoom(capacity);
    for (const name of Object.keys(this.#cache))
      this.#cache[name] = stacked([this.#cache[name] as Tensor, other.#cache[name] as Tensor]);
    for (const [name, axis] of this.axes)
      this.#carried[name] = stacked([this.#carried[name] as Tensor, other.#carried[name] as Tensor], axis);
  }

  get #capacity(): number {
    return Object.values(this.#cache)[0]?.dims[2] ?? 0;
  }

  #makeRoom(capacity: number): void {
    if (capacity <= this.#capacity) return;
    for (const [name, each] of Object.entries(this.#cache))
      this.#cache[name] = resized(each, each.dims.with(2, capacity));
  }
}
