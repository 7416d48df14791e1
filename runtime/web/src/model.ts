/** The app's calls of a bundle. */

import { type Benchmark, bench } from './bench.js';
import type { Buckets } from './buckets.js';
import { withCache } from './cache.js';
import { bind, checkInputs, checkTokenIds } from './contract.js';
import { InputError } from './errors.js';
import { type GenerateOptions, generate, type Prompt } from './generate.js';
import { type GoldenResult, replay, type Sample } from './golden.js';
import { type Graph, type Manifest, mainGraph, type Variant, written } from './manifest.js';
import { type Label, labels, prepare, type Raw } from './processing.js';
import { forecast } from './series.js';
import type { Tensors } from './tensor.js';
import type { TextPreparation } from './text.js';

/** What loading a bundle gives. */
type Opened = {
  readonly manifest: Manifest;
  readonly graphs: ReadonlyMap<string, Buckets>;
  readonly samples: readonly Sample[];
  readonly text: TextPreparation | undefined;
  readonly engineVersion: string;
  readonly threads: number;
  readonly loadMs: number;
};

/** A bundle that is ready to be called. */
export class Model {
  readonly manifest: Manifest;
  /** The golden vectors: real inputs, and PyTorch's outputs for them. */
  readonly samples: readonly Sample[];
  /** The version of onnxruntime-web that runs it. */
  readonly engineVersion: string;
  /** Intra-op threads. */
  readonly threads: number;
  /** How long loading took, fetching and checking included, in milliseconds. */
  readonly loadMs: number;
  readonly #graphs: ReadonlyMap<string, Buckets>;
  readonly #text: TextPreparation | undefined;

  constructor({ manifest, graphs, samples, text, engineVersion, threads, loadMs }: Opened) {
    this.manifest = manifest;
    this.samples = samples;
    this.engineVersion = engineVersion;
    this.threads = threads;
    this.loadMs = loadMs;
    this.#graphs = graphs;
    this.#text = text;
  }

  /** The variants that answer calls of the main graph, the preferred one first. */
  get variants(): readonly Variant[] {
    return this.#buckets(mainGraph(this.manifest)).variants;
  }

  /** Say in lines of text what the model takes and gives, and what runs it. */
  describe(): string {
    const { name, graphs } = this.manifest;
    const ends = ({ inputs, outputs }: Graph): string =>
      [inputs, outputs].map((specs) => specs.map(written).join(', ')).join(' -> ');
    const { target, engine } = this.variants[0] as Variant;
    return [
      ...Object.entries(graphs).map(([graph, specs]) => `${name}, ${graph}: ${ends(specs)}`),
      `${target}: ${engine.name} ${engine.version} with ${engine.providers.join(', ')}, ${this.threads} thread(s)`,
    ].join('\n');
  }

  /**
   * Run a graph, the main one where none is named.
   *
   * A decoder that is given none of its cache begins with an empty one: its tokens alone are the whole forward pass.
   *
   * @throws InputError where the inputs do not keep the contract; BundleError where the graph fails on what it allows.
   */
  async run(inputs: Tensors, graph = mainGraph(this.manifest)): Promise<Tensors> {
    const buckets = this.#buckets(graph);
    const { generation, symbols, graphs } = this.manifest;
    const specs = graphs[graph] as Graph;
    const decodes = generation?.decoder === graph;
    const whole = decodes ? withCache(generation, specs, symbols, inputs) : inputs;
    const sizes = decodes ? bind(specs.inputs, whole) : checkInputs(specs.inputs, symbols, inputs);
    checkTokenIds(this.manifest, inputs);
    return buckets.run(whole, sizes);
  }

  /** Replay the golden vectors: how near each output comes to PyTorch's, and whether that is near enough. */
  check(): Promise<GoldenResult[]> {
    const name = mainGraph(this.manifest);
    const [main, specs] = [this.#buckets(name), (this.manifest.graphs[name] as Graph).inputs];
    return replay(
      this.samples,
      (inputs) => this.run(inputs),
      (inputs) => main.fitting(bind(specs, inputs)).variant.tolerance.cosine,
    );
  }

  /** Measure latencies on the golden inputs: what `edgeattn report NAME.edge --add RESULT.json` takes. */
  bench(options: { readonly seconds?: number } = {}): Promise<Benchmark> {
    return bench(this, options);
  }

  /** Continue a prompt, or answer what an encoder reads; yields token ids as they come. */
  generate(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<number, void> {
    return generate(this.manifest, (graph) => this.#buckets(graph), prompt, options);
  }

  /** Make inputs of a text, an image or a sound, or of a batch of them, as the bundle's `processing` says. */
  prepare(raw: Raw): Tensors {
    return prepare(this.manifest, this.#text, raw);
  }

  /** Return the text of token ids that were generated. */
  decode(ids: readonly number[]): string {
    if (this.#text) return this.#text.decode(ids);
    throw new InputError(`${this.manifest.name}: no tokenizer in its manifest; decode the tokens yourself`);
  }

  /** Name the numbers of every vector of an output, the largest first, as the bundle's `processing` says. */
  labels(outputs: Tensors): Label[][] {
    return labels(this.manifest, outputs);
  }

  /** Return what a call forecast in the series' own units: of each of the batch, an array a series. */
  forecast(outputs: Tensors): Float64Array[][] {
    return forecast(this.manifest, outputs);
  }

  /** Give the memory of its graphs back; no call may follow. */
  async release(): Promise<void> {
    await Promise.all([...this.#graphs.values()].map((buckets) => buckets.release()));
  }

  #buckets(graph: string): Buckets {
    const buckets = this.#graphs.get(graph);
    if (!buckets) throw new InputError(`no graph ${graph}; the bundle has ${[...this.#graphs.keys()].join(', ')}`);
    return buckets;
  }
}
