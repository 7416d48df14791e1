/** A sequence that never ends, answered hop by hop by an encoder that keeps its state. */

import type { CallOptions } from './deadline.js';
import { BundleError, InputError, refusing } from './errors.js';
import { type Manifest, named, type Streaming } from './manifest.js';
import { PushQueue } from './push-queue.js';
import { type Moment, readRows, type Streamed, type Values } from './stream.js';
import { hopDims, seriesOf, soundsOf } from './streaming.js';
import { count, type Tensor, type Tensors, zeros } from './tensor.js';

/**
 * A sound, series or features that never end, of which each hop is computed once, by a bundle with `streaming` in its
 * manifest. What a hop needs of the past is in the state that the graph keeps, so that a hop takes the same time and
 * memory however long the stream is. A hop is prepared as the bundle's `processing` says, where that makes the input.
 */
export class StepStream {
  /** What a step takes of the time: samples, values of each series, or places. */
  readonly hop: number;
  readonly #streaming: Streaming;
  readonly #source: Source;
  #state: Tensors;
  readonly #pushed = new PushQueue();

  /** @throws InputError where the manifest has no `streaming`. */
  constructor(
    private readonly model: Streamed,
    private readonly limits: CallOptions = {},
  ) {
    const { streaming, name } = model.manifest;
    if (!streaming)
      throw new InputError(`${name}: no 'streaming' in its manifest; move a window over what comes, by Stream`);
    this.hop = streaming.hop;
    this.#streaming = streaming;
    this.#source = new Source(model, streaming);
    this.#state = beginning(model.manifest, streaming);
  }

  /**
   * Take what has come, any number of samples, and answer each hop that it completes with the step's own outputs.
   *
   * @param values An array a channel or series, of as many numbers; or, where the bundle prepares neither, a float32
   *     tensor in the input's dims without the batch.
   * @throws InputError where it is of another kind, more than 2 ** 24 numbers would wait for their answers, or a hop is
   *     refused, such as one with a NaN. The next call goes on with the hop behind it, and the state before it.
   */
  async push(values: Values | Tensor): Promise<Moment[]> {
    const came = refusing(InputError, 'push: nothing that comes', () => this.#source.read(values));
    return this.#pushed.push(came.length, () => this.#answer(came));
  }

  /** Begin anew, behind what was pushed: zeros in every state, and nothing has come. */
  reset(): void {
    this.#pushed.reset(() => {
      this.#source.clear();
      this.#state = beginning(this.model.manifest, this.#streaming);
    });
  }

  async #answer(came: Float64Array): Promise<Moment[]> {
    const moments: Moment[] = [];
    this.#source.push(came);
    for (let hop = this.#source.next(); hop; hop = this.#source.next()) {
      const inputs = { ...this.#state, [this.#streaming.input]: await this.#source.prepared(hop) };
      const { step, states, outputs } = this.#streaming;
      const given = await this.model.run(inputs, { ...this.limits, graph: step });
      this.#state = Object.fromEntries(states.map(({ past, present }) => [past, this.#kept(past, given[present])]));
      const end = this.#source.end;
      moments.push({ end, outputs: Object.fromEntries(outputs.map((name) => [name, given[name] as Tensor])) });
    }
    return moments;
  }

  /** Return a state behind a step; throws BundleError where it is not as the one before. */
  #kept(past: string, present: Tensor | undefined): Tensor {
    const { dims } = this.#state[past] as Tensor;
    if (present && String(present.dims) === String(dims)) return present;
    throw new BundleError(`${past}: a state of [${present?.dims}] found behind one of [${dims}]; export again`);
  }
}

/** What comes, and how a hop of it becomes the input: as a sound, as series, or as it is. */
class Source {
  /** Where the last hop ended. */
  end = 0;
  readonly #dims: readonly number[]; // of the input, without the batch
  readonly #rows: number; // arrays (rows, time, numbers of a place)
  readonly #numbers: number;
  #kept = new Float64Array(); // place by place

  constructor(
    private readonly model: Streamed,
    private readonly streaming: Streaming,
  ) {
    const { manifest } = model;
    const { step, input, axis } = streaming;
    this.#dims = hopDims(named(manifest.graphs[step]?.inputs ?? [], input)).slice(1);
    const own = this.#prepares ? undefined : this.#dims;
    this.#rows =
      soundsOf(manifest)?.channels ?? seriesOf(manifest)?.names.length ?? count(this.#dims.slice(0, axis - 1));
    this.#numbers = own ? count(own.slice(axis)) : 1;
  }

  /** Return what has come, place by place; throws InputError where it is of another kind. */
  read(values: Values | Tensor): Float64Array {
    const rows = this.#rows;
    if (!this.#prepares) {
      const data = this.#array(values as Tensor);
      return swapped(Float64Array.from(data), rows, data.length / (rows * this.#numbers), this.#numbers);
    }
    const came = readRows(values as Values, rows);
    return swapped(Float64Array.from(came.flatMap((row) => [...row])), rows, came[0]?.length ?? 0, 1);
  }

  push(came: Float64Array): void {
    const kept = new Float64Array(this.#kept.length + came.length);
    kept.set(this.#kept);
    kept.set(came, this.#kept.length);
    this.#kept = kept;
  }

  /** Take the next hop, place by place; none where none is complete. */
  next(): Float64Array | undefined {
    const size = this.streaming.hop * this.#rows * this.#numbers;
    if (this.#kept.length < size) return undefined;
    const hop = this.#kept.subarray(0, size);
    this.#kept = this.#kept.subarray(size);
    this.end += this.streaming.hop;
    return hop;
  }

  /** Return a hop as a step takes it; throws InputError where it is refused. */
  async prepared(places: Float64Array): Promise<Tensor> {
    const { input, hop } = this.streaming;
    const numbers = swapped(places, hop, this.#rows, this.#numbers);
    const rows = Array.from({ length: this.#prepares ? this.#rows : 0 }, (_, i) =>
      numbers.subarray(i * hop, (i + 1) * hop),
    );
    const sounds = soundsOf(this.model.manifest);
    if (sounds) {
      const channels = rows.map((row) => Float32Array.from(row));
      return (await this.model.prepare({ audio: { rate: sounds.rate, channels } }))[input] as Tensor;
    }
    if (this.#prepares) return (await this.model.prepare({ series: { values: rows } }))[input] as Tensor;
    return { dtype: 'float32', dims: [1, ...this.#dims], data: Float32Array.from(numbers) };
  }

  clear(): void {
    this.end = 0;
    this.#kept = new Float64Array();
  }

  get #prepares(): boolean {
    return (soundsOf(this.model.manifest) ?? seriesOf(this.model.manifest)) !== undefined;
  }

  #array(given: Partial<Tensor> | null): Float32Array {
    const { dtype, dims, data } = given ?? {};
    const time = this.streaming.axis - 1;
    const fits = dims?.length === this.#dims.length && this.#dims.every((size, i) => i === time || size === dims[i]);
    if (fits && dtype === 'float32' && data instanceof Float32Array && data.length === count(dims)) return data;
    const expected = this.#dims.map((size, i) => (i === time ? 'time' : size)).join(', ');
    throw new InputError(
      `${dtype ?? typeof given} [${dims?.join(', ') ?? ''}] found, float32 of [${expected}] expected`,
    );
  }
}

/** Return zeros for every state. */
function beginning({ graphs }: Manifest, { step, states }: Streaming): Tensors {
  const inputs = graphs[step]?.inputs ?? [];
  const specs = states.map(({ past }) => named(inputs, past));
  return Object.fromEntries(specs.map((spec) => [spec.name, zeros(spec.dtype, hopDims(spec))]));
}

/** Return an array (first, second, numbers) with its first two axes swapped. */
function swapped(array: Float64Array, first: number, second: number, numbers: number): Float64Array {
  if (first === 1 || second === 1) return array;
  const result = new Float64Array(array.length);
  for (let i = 0; i < first; i++) {
    for (let j = 0; j < second; j++) {
      const from = (i * second + j) * numbers;
      result.set(array.subarray(from, from + numbers), (j * first + i) * numbers);
    }
  }
  return result;
}
