/** A graph in several fixed sizes: each call goes to the first bucket that it fits, padded where it may be. */

import type { Deadline } from './deadline.js';
import { InputError } from './errors.js';
import { type Graph, named, type Rows, type Variant } from './manifest.js';
import type { GraphSession } from './session.js';
import { resized, rowsOf, stacked, type Tensor, type Tensors } from './tensor.js';

type Sizes = Readonly<Record<string, number>>;

/** One variant's graph, and the sizes of its inputs that it fixes. */
export type Bucket = { readonly variant: Variant; readonly session: GraphSession; readonly sizes: Sizes };

export class Buckets {
  readonly #sequence: string | undefined; // the symbol of positions that may be padded

  /** @param rows What is known of the graph's rows; without it calls must fit exactly. */
  constructor(
    private readonly graph: Graph,
    private readonly buckets: readonly Bucket[],
    private readonly rows: Rows | undefined,
  ) {
    this.#sequence = rows?.padding ? String(named(graph.inputs, rows.padding.mask).dims[1]) : undefined;
  }

  get variants(): readonly Variant[] {
    return this.buckets.map(({ variant }) => variant);
  }

  /** Return the bucket that answers a call of these sizes; throws InputError where none does. */
  fitting(sizes: Sizes): Bucket {
    const fits = ([symbol, fixed]: [string, number]): boolean => {
      const size = sizes[symbol] as number;
      return size === fixed || symbol === this.rows?.batch || (symbol === this.#sequence && size < fixed);
    };
    const bucket = this.buckets.find((each) => Object.entries(each.sizes).every(fits));
    if (bucket) return bucket;
    const expected = this.buckets.map((each) => listed(each.sizes)).join(' or ');
    throw new InputError(`inputs of ${listed(sizes)} found, sizes of a variant expected: ${expected}`);
  }

  /** Return how many rows of these sizes one call takes for the least time a row. */
  rowsPerCall(sizes: Sizes): number {
    const holds = (stack: Variant['stacks'][number]): boolean =>
      Object.entries(stack.sizes).every(([symbol, most]) => (sizes[symbol] as number) <= most);
    return this.fitting(sizes).variant.stacks.find(holds)?.rows ?? 1;
  }

  /** Answer inputs that keep the contract, in their own sizes; throws DeadlineError where the end comes before. */
  async run(inputs: Tensors, sizes: Sizes, deadline: Deadline): Promise<Tensors> {
    const { session, sizes: fixed } = this.fitting(sizes);
    const run = async (part: Tensors): Promise<Tensors> => {
      deadline.check();
      const answer = await deadline.race(session.run(part));
      await deadline.heard();
      return answer;
    };
    if (Object.entries(fixed).every(([symbol, size]) => sizes[symbol] === size)) return run(inputs);
    const padded = this.#padded(inputs, fixed);
    const batch = this.rows?.batch ?? '';
    const [all, together] = [sizes[batch] ?? 1, fixed[batch]];
    if (together === undefined) return this.#cut(await run(padded), sizes);
    const parts: Tensors[] = [];
    for (let first = 0; first < all; first += together) {
      parts.push(await run(mapped(padded, (tensor) => rowsOf(tensor, first, together))));
    }
    return this.#cut(
      mapped(parts[0] as Tensors, (_, name) => stacked(parts.map((part) => part[name] as Tensor))),
      sizes,
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.buckets.map(({ session }) => session.close()));
  }

  #padded(inputs: Tensors, fixed: Sizes): Tensors {
    const sequence = this.#sequence;
    const length = sequence === undefined ? undefined : fixed[sequence];
    if (length === undefined) return inputs;
    const padding = this.rows?.padding;
    return mapped(inputs, (tensor, name) => {
      const dims = named(this.graph.inputs, name).dims.map((dim, i) =>
        dim === sequence ? length : (tensor.dims[i] as number),
      );
      return resized(tensor, dims, name === padding?.mask ? padding.masked_out : 0);
    });
  }

  #cut(outputs: Tensors, sizes: Sizes): Tensors {
    return mapped(outputs, (tensor, name) => {
      const dims = named(this.graph.outputs, name).dims.map(
        (dim, i) => (typeof dim === 'string' && sizes[dim]) || (tensor.dims[i] as number),
      );
      return resized(tensor, dims);
    });
  }
}

const listed = (sizes: Sizes): string =>
  Object.entries(sizes)
    .map(([symbol, size]) => `${symbol} ${size}`)
    .join(', ');

/** Change every tensor of several. */
export const mapped = (tensors: Tensors, change: (tensor: Tensor, name: string) => Tensor): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor, name)]));
