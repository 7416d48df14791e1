/** A bundle that is ready to generate: it checks requests, and runs the encoder and the decoder. */

import { checkMemory } from './cache.js';
import { BundleError, InputError } from './errors.js';
import { type Bounds, type Generation, type GenerationDefaults, type Graph, type Manifest, named } from './manifest.js';
import { isSources, type Prompt, readSources, readTokens, type Tokens } from './prompt.js';
import { type Decode, Stepper } from './stepping.js';
import { stacked, type Tensor, type Tensors, taken } from './tensor.js';

/** Answers a call of a graph that keeps its contract. */
export type Run = (graph: string, inputs: Tensors, sizes: Readonly<Record<string, number>>) => Promise<Tensors>;

/** Makes the inputs of a text. */
export type Prepare = (text: string) => Tensors;

/** What one prompt begins with: the decoder's first tokens, and what the encoder reads. */
export type Begin = {
  readonly tokens: readonly number[];
  readonly sources: Tensors;
  readonly sizes: Readonly<Record<string, number>>;
};

export class Decoder {
  /** Tokens are below it. */
  readonly words: number;
  /** The most sequences of one call. */
  readonly mostRows: number;
  /** Of what the encoder gives and has a row of for each sequence, the axis of the rows. */
  readonly axes: ReadonlyMap<string, number>;
  /** What holds where a caller says nothing. */
  readonly defaults: GenerationDefaults;
  readonly #generation: Generation;
  readonly #graph: Graph;
  readonly #batch: string;

  /** @throws InputError where the bundle does not generate. */
  constructor(
    private readonly manifest: Manifest,
    private readonly run: Run,
    private readonly prepare: Prepare,
  ) {
    const { generation, graphs, symbols, name } = manifest;
    if (!generation)
      throw new InputError(`${name}: no generation in its manifest; export a decoder with a key-value cache`);
    this.#generation = generation;
    this.defaults = generation.defaults ?? {};
    this.#graph = graphs[generation.decoder] as Graph;
    this.#batch = named(this.#graph.inputs, generation.tokens).dims[0] as string;
    this.words = named(this.#graph.outputs, generation.logits).dims[2] as number;
    this.mostRows = (symbols[this.#batch] as Bounds).max ?? Number.POSITIVE_INFINITY;
    this.axes = this.#axes(generation.carried ?? []);
  }

  /** Check a prompt. @param name What it is, for messages. @param start What an encoder-decoder's answer begins with. */
  begin(name: string, prompt: Prompt, start: Tokens = []): Begin {
    const given = typeof prompt === 'string' ? this.#prompt(prompt) : prompt;
    const first = readTokens('start', start, this.words, 0);
    if (this.#encoder === undefined) {
      if (first.length)
        throw new InputError('start: tokens found, none expected: a decoder alone begins with its prompt');
      if (isSources(given)) throw this.#noSources(name);
      return { tokens: this.#within(name, readTokens(name, given, this.words, 1)), sources: {}, sizes: {} };
    }
    const tokens = this.#within('start', readTokens('start', first, this.words, 1));
    const { sources, sizes } = readSources(this.manifest, name, given, this.#encoder);
    const rows = sizes[this.#batch] ?? 1;
    if (rows !== 1) throw new InputError(`${name}: ${rows} sequences found, 1 expected; generateMany takes several`);
    return { tokens, sources, sizes };
  }

  /** Return the prompts that a caller gives as one: tensors by name with all of them in their batch. */
  rows(name: string, prompts: Tensors): Tensors[] {
    if (this.#encoder === undefined) throw this.#noSources(name);
    const { sources, sizes } = readSources(this.manifest, name, prompts, this.#encoder);
    const axes = new Map(this.#encoder.inputs.map((spec) => [spec.name, spec.dims.indexOf(this.#batch)]));
    return Array.from({ length: sizes[this.#batch] ?? 1 }, (_, row) =>
      Object.fromEntries(
        Object.entries(sources).map(([key, each]) => {
          const axis = axes.get(key) ?? -1;
          return [key, axis < 0 ? each : taken(each, [row], axis)];
        }),
      ),
    );
  }

  /** Return how many new tokens there may be behind so many: the last is answered, and never fed. */
  limit(maxNewTokens: number | undefined, length: number): number {
    const { positions } = this.#generation;
    if (maxNewTokens === undefined && positions === null)
      throw new InputError('maxNewTokens: none found, a number expected: the model has no last position');
    const room = positions === null ? Number.POSITIVE_INFINITY : positions - length + 1;
    return Math.min(maxNewTokens ?? room, room);
  }

  /** Check that a call may have as many rows as there are beams, and a cache of so many tokens room in memory. */
  check(beams: number, total: number, prompts = 1): void {
    if (beams > this.mostRows)
      throw new InputError(
        `numBeams: ${beams} found, at most ${this.mostRows} expected: the rows of a call; export with a dynamic batch`,
      );
    checkMemory(this.#generation, this.#graph, total, prompts * beams);
  }

  /** Run the encoder, where there is one, and return what its decoder takes of it in every call. */
  async carried({ sources, sizes }: Begin): Promise<Tensors> {
    const { encoder, carried = [] } = this.#generation;
    if (encoder === undefined) return {};
    const outputs = await this.run(encoder, sources, sizes);
    return Object.fromEntries(carried.map((name) => [name, outputs[name] as Tensor]));
  }

  /** Return the decoder with an empty cache, for a sequence an item of what the encoder gave of it. */
  stepper(carried: readonly Tensors[]): Stepper {
    const joined = (this.#generation.carried ?? []).map((name): [string, Tensor] => {
      const parts = carried.map((each) => each[name] as Tensor);
      const axis = this.axes.get(name);
      return [name, axis === undefined ? (parts[0] as Tensor) : stacked(parts, axis)];
    });
    return new Stepper(this.#generation, this.#graph, this.axes, Object.fromEntries(joined), carried.length);
  }

  /** Begin sequences, each with as many tokens and what the encoder gave of it: their stepper, and the logits behind each. */
  async prefill(
    begins: readonly (readonly number[])[],
    carried: readonly Tensors[],
  ): Promise<{ readonly stepper: Stepper; readonly logits: readonly Float32Array[] }> {
    const stepper = this.stepper(carried);
    return { stepper, logits: await this.next(stepper, begins) };
  }

  /** Take a step, and return the logits behind it; throws BundleError where they are no numbers. */
  async next(stepper: Stepper, tokens: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const decode: Decode = (inputs) => this.run(this.#generation.decoder, inputs, {});
    const rows = await stepper.step(decode, tokens);
    for (const logits of rows) {
      const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY); // of a NaN, NaN
      if (!Number.isFinite(largest))
        throw new BundleError(`logits whose largest is ${largest} found, a finite number expected; export again`);
    }
    return rows;
  }

  get #encoder(): Graph | undefined {
    return this.manifest.graphs[this.#generation.encoder ?? ''];
  }

  /** Return a text as what is continued: token ids, or what an encoder reads. */
  #prompt(text: string): Prompt {
    const inputs = this.prepare(text);
    if (this.#encoder !== undefined) return inputs;
    return (inputs[this.#generation.tokens] as Tensor).data as Tokens;
  }

  #axes(carried: readonly string[]): ReadonlyMap<string, number> {
    const axes = carried.map((name): [string, number] => [
      name,
      named(this.#graph.inputs, name).dims.indexOf(this.#batch),
    ]);
    return new Map(axes.filter(([, axis]) => axis >= 0));
  }

  #noSources = (name: string): InputError =>
    new InputError(`${name}: tensors by name found, token ids expected: a decoder alone has no sources`);

  #within(name: string, tokens: readonly number[]): readonly number[] {
    const { positions } = this.#generation;
    if (positions !== null && tokens.length > positions)
      throw new InputError(
        `${name}: ${tokens.length} tokens found, at most ${positions} expected: the model's positions; shorten it`,
      );
    return tokens;
  }
}
