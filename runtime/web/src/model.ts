/** The app's calls of a bundle. */

import { type Benchmark, type BenchOptions, bench } from './bench.js';
import type { Buckets } from './buckets.js';
import { withCache } from './cache.js';
import { bind, checkInputs, checkTokenIds } from './contract.js';
import { type CallOptions, Deadline, thrown } from './deadline.js';
import { Decoder, type Run } from './decoder.js';
import { InputError, owned, refusing } from './errors.js';
import type { GenerateManyOptions, GenerateOptions } from './generate.js';
import { type GoldenResult, type GoldenVectors, replay } from './golden.js';
import { type Graph, type Manifest, mainGraph, written as spelled, type Variant } from './manifest.js';
import { Splitter } from './many.js';
import type { Prediction, PredictionSource } from './prediction.js';
import { type Fetched, labels, prepare, type Raw, type ScoredLabel } from './processing.js';
import type { Prompt, Tokens } from './prompt.js';
import type { Hypothesis } from './search.js';
import { forecast } from './series.js';
import type { Tensors } from './tensor.js';
import { readStops, written } from './writing.js';

/** What loading a bundle gives. */
type Opened = {
  readonly manifest: Manifest;
  readonly graphs: ReadonlyMap<string, Buckets>;
  readonly golden: () => Promise<GoldenVectors>;
  readonly fetched: Fetched;
  readonly engine: { readonly name: string; readonly version: string };
  readonly threads: number;
  readonly loadMs: number;
};

export type RunOptions = CallOptions & {
  /** The graph that is run; the main one where none is named. */
  readonly graph?: string;
};

export type WriteOptions = GenerateOptions & {
  /** Texts that end it, and are no part of it. */
  readonly stopStrings?: readonly string[];
};

/** Fetched by pages that generate alone. */
const generation = (): Promise<typeof import('./generate.js')> => import('./generate.js');

/** A bundle that is ready to be called. Every call of it throws an `EdgeAttnError`, or the reason of its `signal`. */
export class Model {
  readonly manifest: Manifest;
  /** The package that runs it, and its version. */
  readonly engine: { readonly name: string; readonly version: string };
  /** Intra-op threads. */
  readonly threads: number;
  /** How long loading took, fetching and checking included, in milliseconds. */
  readonly loadMs: number;
  readonly #graphs: ReadonlyMap<string, Buckets>;
  readonly #golden: () => Promise<GoldenVectors>;
  readonly #fetched: Fetched;
  #closed = false;

  constructor({ manifest, graphs, golden, fetched, engine, threads, loadMs }: Opened) {
    this.manifest = manifest;
    this.#golden = golden;
    this.engine = engine;
    this.threads = threads;
    this.loadMs = loadMs;
    this.#graphs = graphs;
    this.#fetched = fetched;
  }

  /** The variants that answer calls of the main graph, the preferred one first. */
  get variants(): readonly Variant[] {
    return this.#buckets(mainGraph(this.manifest)).variants;
  }

  /** Say in lines of text what the model takes and gives, and what runs it. */
  describe(): string {
    const { name, graphs } = this.manifest;
    const ends = ({ inputs, outputs }: Graph): string =>
      [inputs, outputs].map((specs) => specs.map(spelled).join(', ')).join(' -> ');
    const { target, engine } = this.variants[0] as Variant;
    return [
      ...Object.entries(graphs).map(([graph, specs]) => `${name}, ${graph}: ${ends(specs)}`),
      `${target}: ${engine.name} ${engine.version} with ${engine.providers.join(', ')}, ${this.threads} thread(s)`,
    ].join('\n');
  }

  /**
   * Run a graph.
   *
   * A decoder that is given none of its cache begins with an empty one: its tokens alone are the whole forward pass.
   *
   * @throws InputError where the inputs do not keep the contract; BundleError where the graph fails on what it allows;
   *     DeadlineError where the end comes before the answer.
   */
  async run(inputs: Tensors, { graph = mainGraph(this.manifest), ...limits }: RunOptions = {}): Promise<Tensors> {
    const buckets = this.#buckets(graph);
    const { whole, sizes } = refusing(InputError, 'inputs: no tensors by name', () => this.#checked(inputs, graph));
    return buckets.run(whole, sizes, new Deadline(limits));
  }

  /**
   * Answer many samples, each as a call of its own would, but faster where the bundle's rows allow it: padding behind a
   * row's last visible position is dropped, and rows of equal sizes run together where that was measured to be faster.
   *
   * @param samples Inputs of the main graph; a sample may be a padded batch, and samples may differ in their sizes.
   * @returns Their outputs, in their order and in the sizes that a call would give.
   * @throws InputError whose message begins with the sample's index, and as `run` does.
   */
  async runMany(samples: readonly Tensors[], limits: CallOptions = {}): Promise<Tensors[]> {
    const name = mainGraph(this.manifest);
    const [buckets, deadline] = [this.#buckets(name), new Deadline(limits)];
    if (!Array.isArray(samples)) throw new InputError(`samples: ${typeof samples} found, a list of inputs expected`);
    const checked = samples.map((sample, i) => this.#checkedSample(sample, name, i));
    const run = (inputs: Tensors): Promise<Tensors> =>
      buckets.run(inputs, bind(this.#graph(name).inputs, inputs), deadline);
    const { rows, symbols } = this.manifest;
    if (rows)
      return new Splitter(rows, this.#graph(name), symbols).run(checked, run, (sizes) => buckets.rowsPerCall(sizes));
    const answers: Tensors[] = [];
    for (const sample of checked) answers.push(await run(sample));
    return answers;
  }

  /** Fetch the golden vectors: real inputs, and PyTorch's outputs for them; no samples where it was packed without. */
  async golden(): Promise<GoldenVectors> {
    this.#checkOpen();
    return this.#golden();
  }

  /**
   * Replay the golden vectors: how near each output comes to PyTorch's, and whether that is near enough. Where the bundle
   * was packed without, there is no result.
   */
  async check(limits: CallOptions = {}): Promise<GoldenResult[]> {
    const name = mainGraph(this.manifest);
    const [main, specs, deadline] = [this.#buckets(name), this.#graph(name).inputs, new Deadline(limits)];
    return replay(
      await deadline.race(this.golden()),
      (inputs) => {
        deadline.check();
        return this.run(inputs, limits);
      },
      (inputs) => main.fitting(bind(specs, inputs)).variant.tolerance,
    );
  }

  /** Measure latencies on the golden inputs: what `edgeattn report NAME.edge --add RESULT.json` takes. */
  async bench(options: BenchOptions = {}): Promise<Benchmark> {
    return bench(this, options);
  }

  /** Continue a prompt, or answer what an encoder reads; yields token ids as they come. */
  async *generate(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<number, void> {
    if (options.session && options.session.model !== this)
      throw new InputError('session: one of another model found; make one of the model that generates');
    try {
      const { generate } = await generation();
      yield* generate(this.#decoder(options), prompt, options);
    } catch (error) {
      throw thrown(InputError, 'generate: no prompt or options of it', error, options);
    }
  }

  /** Continue a prompt, or answer what an encoder reads; yields the text as it comes, piece by piece. */
  async *write(prompt: Prompt, { stopStrings = [], ...options }: WriteOptions = {}): AsyncGenerator<string, void> {
    const stops = readStops(stopStrings);
    yield* written(this.generate(prompt, options), (ids) => this.decode(ids), stops);
  }

  /**
   * Continue many prompts together, of any lengths, with beams where asked for.
   *
   * @param prompts Each as `generate` takes it; or, of an encoder-decoder, tensors by name with all of them in their batch.
   * @returns For each prompt its sequences, the best first.
   */
  async generateMany(
    prompts: readonly Prompt[] | Tensors,
    options: GenerateManyOptions = {},
  ): Promise<(readonly Hypothesis[])[]> {
    try {
      const { generateMany } = await generation();
      return await generateMany(this.#decoder(options), prompts, options);
    } catch (error) {
      throw thrown(InputError, 'generateMany: no prompts or options of it', error, options);
    }
  }

  /** Make inputs of a text, an image, a sound or series, or of a batch of them, as the bundle's `processing` says. */
  prepare(raw: Raw): Tensors {
    this.#checkOpen();
    return refusing(InputError, 'prepare: nothing that can be prepared', () =>
      prepare(this.manifest, this.#fetched, raw),
    );
  }

  /** Return the text of token ids, such as those that were generated, without special tokens. */
  decode(ids: Tokens): string {
    this.#checkOpen();
    if (this.#fetched.text) return this.#fetched.text.decode(ids);
    throw new InputError(`${this.manifest.name}: no tokenizer in its manifest; decode the tokens yourself`);
  }

  /** Name the numbers of every vector of an output, the largest first, as the bundle's `processing` says. */
  labels(outputs: Tensors): ScoredLabel[][] {
    this.#checkOpen();
    return refusing(InputError, 'labels: no outputs of a call', () => labels(this.manifest, outputs));
  }

  /**
   * Read an output as a person would: for every row labels with scores, a text, an answer, or objects.
   *
   * @param source What was asked: the texts, or pairs of them, or the sizes of images, by which boxes are in pixels.
   */
  predictions(outputs: Tensors, source: PredictionSource = {}): Prediction[][] {
    this.#checkOpen();
    const { predictions, text } = this.#fetched;
    if (!predictions)
      throw new InputError(`${this.manifest.name}: no prediction in its manifest; read the outputs themselves`);
    const read = (): Prediction[][] => predictions(this.manifest, outputs, source, text);
    return refusing(InputError, 'predictions: no outputs of a call', read);
  }

  /** Return what a call forecast in the series' own units: of each of the batch, an array a series. */
  forecast(outputs: Tensors): Float64Array[][] {
    this.#checkOpen();
    return refusing(InputError, 'forecast: no outputs of a call', () => forecast(this.manifest, outputs));
  }

  /** Give the memory of its graphs back, once what was asked is answered; later calls are refused. Twice is fine. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#graphs.values()].map((buckets) => buckets.close()));
  }

  #checkOpen(): void {
    if (this.#closed) throw new InputError(`${this.manifest.name}: a closed model; load it again`);
  }

  #graph(name: string): Graph {
    return this.manifest.graphs[name] as Graph;
  }

  #buckets(graph: string): Buckets {
    this.#checkOpen();
    const buckets = this.#graphs.get(graph);
    if (!buckets) throw new InputError(`no graph ${graph}; the bundle has ${[...this.#graphs.keys()].join(', ')}`);
    return buckets;
  }

  #decoder(limits: CallOptions): Decoder {
    this.#checkOpen();
    const deadline = new Deadline(limits);
    const run: Run = (graph, inputs, sizes) => this.#buckets(graph).run(inputs, sizes, deadline);
    return new Decoder(this.manifest, run, (text) => this.prepare({ text }));
  }

  /** Return the inputs of a graph that keep its contract, and the size of every symbol in them. */
  #checked(inputs: Tensors, graph: string): { whole: Tensors; sizes: Readonly<Record<string, number>> } {
    const { generation, symbols } = this.manifest;
    const specs = this.#graph(graph);
    const decodes = generation?.decoder === graph;
    const whole = decodes ? withCache(generation, specs, symbols, inputs) : inputs;
    const sizes = decodes ? bind(specs.inputs, whole) : checkInputs(specs.inputs, symbols, inputs);
    checkTokenIds(this.manifest, inputs);
    return { whole, sizes };
  }

  #checkedSample(sample: Tensors, graph: string, index: number): Tensors {
    try {
      const { whole, sizes } = this.#checked(sample, graph);
      this.#buckets(graph).fitting(sizes);
      return whole;
    } catch (error) {
      const { message } = owned(InputError, 'no inputs', error);
      throw new InputError(`sample ${index}: ${message}`);
    }
  }
}
