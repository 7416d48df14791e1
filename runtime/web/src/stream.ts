/** A window that moves over a sound or over series as they come: one call a hop. */

import type { CallOptions } from './deadline.js';
import { InputError } from './errors.js';
import { type Manifest, mainGraph, named } from './manifest.js';
import type { RunOptions } from './model.js';
import type { Raw } from './processing.js';
import { readCount } from './prompt.js';
import { PushQueue } from './push-queue.js';
import type { Tensors } from './tensor.js';

export type StreamOptions = CallOptions & {
  /** Samples, or values of each series, from an answer to the next. */
  readonly hop: number;
  /** As many are looked at; left out, as many as the input has. */
  readonly window?: number;
};

/** What answers windows and steps: a Model, or a RemoteModel. */
export type Streamed = {
  readonly manifest: Manifest;
  prepare(raw: Raw): Tensors | Promise<Tensors>;
  run(inputs: Tensors, options?: RunOptions): Promise<Tensors>;
};

/** What a window, or a hop, was answered with. */
export type Moment = {
  /** Where it ended: how many samples, or values of each series, had come by then. */
  readonly end: number;
  readonly outputs: Tensors;
};

/** What has come: an array a channel or series, of as many numbers; or the one array of one. */
export type Values = Numbers | readonly Numbers[];
type Numbers = readonly number[] | Float32Array | Float64Array;

/**
 * A sound or series that never end, answered a window at a time. Each window is prepared as the bundle's `processing`
 * says. The first answer comes with as many samples as a window has, the others a hop later each. No more than a window
 * is kept.
 */
export class Stream {
  readonly hop: number;
  readonly window: number;
  readonly #rows: number; // channels or series
  #kept: readonly Float64Array[] = [];
  #begin = 0; // of what is kept, in all that has come
  #next = 0; // the end of the next window
  readonly #pushed = new PushQueue();

  /**
   * @param model A bundle with `audio` or `series` in its processing.
   * @throws InputError where it has neither, or an option is none.
   */
  constructor(
    private readonly model: Streamed,
    private readonly options: StreamOptions,
  ) {
    const { rows, own } = inputOf(model);
    const window = options.window ?? own;
    if (window === undefined)
      throw new InputError(`window: none found, a number expected: ${model.manifest.name} takes any`);
    this.hop = readCount('hop', options.hop, 1);
    this.window = readCount('window', window, 1);
    this.#rows = rows;
    this.#clear();
  }

  /**
   * Take what has come, any number of samples, and answer each window that it completes.
   *
   * @throws InputError where it is of another kind, more than 2 ** 24 numbers would wait for their answers, or the
   *     bundle refuses a window, such as one with a gap. The next call goes on with the window behind it.
   */
  async push(values: Values): Promise<Moment[]> {
    const came = readRows(values, this.#rows).map((row) => Float64Array.from(row)); // the caller may fill its own again
    return this.#pushed.push(this.#rows * (came[0]?.length ?? 0), () => this.#answer(came));
  }

  /** Begin anew, behind what was pushed: nothing has come. */
  reset(): void {
    this.#pushed.reset(() => this.#clear());
  }

  #clear(): void {
    this.#begin = 0;
    this.#next = this.window;
    this.#kept = Array.from({ length: this.#rows }, () => new Float64Array());
  }

  async #answer(came: readonly Float64Array[]): Promise<Moment[]> {
    this.#kept = this.#kept.map((row, i) => joined(row, came[i] as Float64Array));
    const moments: Moment[] = [];
    const { hop: _, window: __, ...limits } = this.options;
    while (this.#next <= this.#begin + (this.#kept[0]?.length ?? 0)) {
      const end = this.#next;
      const outputs = await this.model.run(await this.#prepared(this.#window()), limits);
      moments.push({ end, outputs });
    }
    return moments;
  }

  /** Return the next window, and drop what none behind it looks at. */
  #window(): readonly Float64Array[] {
    const first = this.#next - this.window - this.#begin;
    const window = this.#kept.map((row) => row.slice(first, first + this.window));
    this.#next += this.hop;
    const dropped = Math.min(this.#next - this.window - this.#begin, this.#kept[0]?.length ?? 0);
    this.#kept = this.#kept.map((row) => row.slice(dropped));
    this.#begin += dropped;
    return window;
  }

  #prepared(window: readonly Float64Array[]): Tensors | Promise<Tensors> {
    const audio = this.model.manifest.processing?.audio;
    if (!audio) return this.model.prepare({ series: { values: window } });
    return this.model.prepare({ audio: { rate: audio.rate, channels: window.map((row) => Float32Array.from(row)) } });
  }
}

const isRow = (values: unknown): values is Numbers =>
  values instanceof Float32Array ||
  values instanceof Float64Array ||
  (Array.isArray(values) && values.every((value) => typeof value === 'number'));

/** Return what has come, an array a row; throws InputError where it is of another kind. */
export function readRows(values: Values, count: number): readonly Numbers[] {
  const rows = isRow(values) && count === 1 ? [values] : (values as readonly Numbers[]);
  const length = rows?.[0]?.length;
  if (!Array.isArray(rows) || rows.length !== count || !rows.every((row) => isRow(row) && row.length === length))
    throw new InputError(`numbers of [${count}, time] expected: an array of as many numbers each`);
  return rows;
}

function joined(first: Float64Array, second: Float64Array): Float64Array {
  const both = new Float64Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Return how many channels or series an input has, and how many numbers of each; none for any. */
function inputOf({ manifest }: Streamed): { readonly rows: number; readonly own: number | undefined } {
  const { audio, series } = manifest.processing ?? {};
  if (!audio && !series)
    throw new InputError(`${manifest.name}: prepares neither audio nor series; call it with tensors`);
  const inputs = manifest.graphs[mainGraph(manifest)]?.inputs ?? [];
  const last = named(inputs, audio?.input ?? series?.input ?? '')?.dims.at(-1);
  const own = typeof last === 'number' && !audio?.log_mel ? last : undefined;
  return { rows: audio?.channels ?? series?.names.length ?? 1, own };
}
