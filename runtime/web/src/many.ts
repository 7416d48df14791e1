/** Many samples at once: rows without their padding, alike ones together, answers in the caller's order. */

import { mapped } from './buckets.js';
import { bind } from './contract.js';
import { grouped } from './groups.js';
import { type Bounds, type Graph, type Manifest, named, type Rows, symbolsOf, type TensorSpec } from './manifest.js';
import { numbersOf, resized, rowsOf, stacked, type Tensor, type Tensors } from './tensor.js';

type Sizes = Readonly<Record<string, number>>;

/** One row of a sample, as a batch of one without its padding. */
type Row = {
  readonly sample: number;
  readonly index: number;
  readonly inputs: Tensors;
  /** The sample's sizes by symbol, the batch among them. */
  readonly whole: Sizes;
  /** The same with the positions that the row keeps. */
  readonly sizes: Sizes;
};

/** Takes batches apart into rows, and puts the rows' answers together again as batches. */
export class Splitter {
  readonly #sequence: string; // the symbol of positions that may be padding; none is ""
  readonly #shortest: number;
  readonly #symbols: readonly string[];

  constructor(
    private readonly rows: Rows,
    private readonly graph: Graph,
    symbols: Manifest['symbols'],
  ) {
    this.#sequence = rows.padding ? String(named(graph.inputs, rows.padding.mask).dims[1]) : '';
    this.#shortest = Math.max(1, (symbols[this.#sequence] as Bounds | undefined)?.min ?? 1);
    this.#symbols = symbolsOf(graph.inputs).filter((symbol) => symbol !== rows.batch);
  }

  /**
   * Answer samples that keep the graph's contract, in the sizes of their inputs; zeros stand where padding was dropped.
   *
   * @param call Answers one batch.
   * @param rowsPerCall Says how many rows of these sizes are best answered in one call.
   */
  async run(
    samples: readonly Tensors[],
    call: (inputs: Tensors) => Promise<Tensors>,
    rowsPerCall: (sizes: Sizes) => number,
  ): Promise<Tensors[]> {
    const rows = samples.flatMap((inputs, sample) => this.#split(inputs, sample));
    const answers = samples.map((): Tensors[] => []);
    for (const group of grouped(rows, ({ sizes }) => this.#symbols.map((symbol) => sizes[symbol]).join()).values()) {
      const together = rowsPerCall((group[0] as Row).sizes);
      for (let first = 0; first < group.length; first += together) {
        const stack = group.slice(first, first + together);
        const outputs = await call(joined(stack.map(({ inputs }) => inputs)));
        for (const [place, row] of stack.entries())
          (answers[row.sample] as Tensors[])[row.index] = this.#whole(outputs, place, row);
      }
    }
    return answers.map(joined);
  }

  /**
   * Return the rows of one sample. Only the padding behind a row's last visible position is dropped: what stands before
   * it may be what gives the others their place. A row of nothing but padding is kept whole.
   */
  #split(inputs: Tensors, sample: number): Row[] {
    const whole = bind(this.graph.inputs, inputs);
    const { batch, padding } = this.rows;
    const mask = padding ? numbersOf(inputs[padding.mask] as Tensor) : [];
    const longest = whole[this.#sequence] ?? 0;
    return Array.from({ length: whole[batch] as number }, (_, index) => {
      const shown = mask.slice(index * longest, (index + 1) * longest);
      const last = shown.findLastIndex((value) => value !== padding?.masked_out);
      const kept = last < 0 ? longest : Math.max(last + 1, this.#shortest);
      const sizes = longest ? { ...whole, [this.#sequence]: kept } : whole;
      const cut = mapped(inputs, (tensor, name) =>
        this.#sized(rowsOf(tensor, index, 1), named(this.graph.inputs, name), kept),
      );
      return { sample, index, inputs: cut, whole, sizes };
    });
  }

  /** Return a row's outputs in the sizes of its sample. */
  #whole(outputs: Tensors, place: number, { whole }: Row): Tensors {
    return mapped(outputs, (tensor, name) =>
      this.#sized(rowsOf(tensor, place, 1), named(this.graph.outputs, name), whole[this.#sequence] ?? 0),
    );
  }

  /** Cut a row of a tensor, or fill it up with zeros, to so many positions. */
  #sized(tensor: Tensor, { dims }: TensorSpec, positions: number): Tensor {
    if (!dims.includes(this.#sequence)) return tensor;
    return resized(
      tensor,
      dims.map((dim, i) => (dim === this.#sequence ? positions : (tensor.dims[i] as number))),
    );
  }
}

/** Return batches, alike in all but their rows, as one. */
const joined = (parts: readonly Tensors[]): Tensors =>
  mapped(parts[0] as Tensors, (_, name) => stacked(parts.map((part) => part[name] as Tensor)));
