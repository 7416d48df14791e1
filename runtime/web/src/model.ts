/** The app's call: a bundle opened once, then called with tensors. */

import { type Benchmark, bench } from './bench.js';
import { type Bucket, Buckets } from './buckets.js';
import { Bundle, type Progress } from './bundle.js';
import { cacheInputs, checkRoom, freshCache } from './cache.js';
import { bind, checkInputs } from './contract.js';
import { runnable, startThreads } from './engine.js';
import { InputError } from './errors.js';
import { type GenerateOptions, generate, type Prompt } from './generate.js';
import { type GoldenResult, readGolden, replay, type Sample } from './golden.js';
import { type Graph, type Manifest, mainGraph, symbolsOf, type Variant, written } from './manifest.js';
import { type Label, labels, prepare, type Raw } from './processing.js';
import { GraphSession, isWeightsOf } from './session.js';
import { type Content, type Source, UrlSource } from './source.js';
import type { Tensor, Tensors } from './tensor.js';
import { TextPreparation } from './text.js';

export type LoadOptions = {
  /** The variants of this target alone, such as "web". */
  readonly target?: string;
  /** Intra-op threads; left out, as many as the variant says and the device has. Fixed for a page or worker by its first load. */
  readonly threads?: number;
  /** Execution providers in the place of those that the bundle names, such as webgpu before wasm. */
  readonly providers?: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
};

/**
 * Open a bundle, check what is used of it, and make its graphs ready to be called.
 *
 * @param source The address of its folder, or where else its files come from.
 * @throws BundleError where it is not whole, or a graph is not what its manifest says.
 * @throws IncompatibleRuntimeError where no variant runs here; InputError where an option is none.
 */
export async function load(
  source: string | URL | Source,
  { target, threads, providers, onProgress }: LoadOptions = {},
): Promise<Model> {
  const started = performance.now();
  const bundle = await Bundle.open(
    typeof source === 'string' || source instanceof URL ? new UrlSource(source) : source,
  );
  const { manifest } = bundle;
  const { variants, ort } = await runnable(manifest, target, providers);
  const used = startThreads(ort, threads, variants[0]?.session?.threads);
  const graphs = Object.entries(manifest.graphs).map(([name, graph]) => ({
    name,
    graph,
    reached: reached(variants, graph),
  }));
  const models = graphs.flatMap(({ name, reached }) => reached.map(({ files }) => files[name] as string));
  const weights = Object.keys(manifest.files).filter((file) => models.some((model) => isWeightsOf(file, model)));
  const { text } = manifest.processing ?? {};
  const needed = new Set([manifest.golden.file, ...(text ? [text.tokenizer] : []), ...models, ...weights]);
  const files = await bundle.read([...needed], onProgress);
  const opened = new Map<string, Buckets>();
  for (const { name, graph, reached } of graphs) {
    const buckets: Bucket[] = [];
    for (const variant of reached) {
      const session = await GraphSession.open(ort, graph, variant.files[name] as string, files, variant);
      buckets.push({ variant, session, sizes: fixedSizes(variant, graph) });
    }
    opened.set(name, new Buckets(graph, buckets, name === mainGraph(manifest) ? manifest.rows : undefined));
  }
  const samples = readGolden(manifest, files.get(manifest.golden.file) as Content);
  const words = text && new TextPreparation(text, files.get(text.tokenizer) as Content);
  return new Model(
    manifest,
    ort.env.versions.web ?? 'unknown',
    used,
    performance.now() - started,
    opened,
    samples,
    words,
  );
}

/** A bundle that is ready to be called. */
export class Model {
  constructor(
    readonly manifest: Manifest,
    /** The version of onnxruntime-web that runs it. */
    readonly engineVersion: string,
    /** Intra-op threads. */
    readonly threads: number,
    /** How long loading took, fetching and checking included, in milliseconds. */
    readonly loadMs: number,
    private readonly graphs: ReadonlyMap<string, Buckets>,
    /** The golden vectors: real inputs, and PyTorch's outputs for them. */
    readonly samples: readonly Sample[],
    private readonly words: TextPreparation | undefined,
  ) {}

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
    const { generation, symbols } = this.manifest;
    const buckets = this.#buckets(graph);
    const specs = (this.manifest.graphs[graph] as Graph).inputs;
    if (generation?.decoder !== graph) return buckets.run(inputs, checkInputs(specs, symbols, inputs));
    const cache = cacheInputs(generation);
    if (cache.some((name) => Object.hasOwn(inputs, name))) {
      const sizes = checkInputs(specs, symbols, inputs);
      checkRoom(generation, inputs);
      return buckets.run(inputs, sizes);
    }
    const sizes = checkInputs(
      specs.filter(({ name }) => !cache.includes(name)),
      symbols,
      inputs,
    );
    const { dims } = inputs[generation.tokens] as Tensor;
    const [batch, sequence] = dims as [number, number];
    return buckets.run(
      { ...inputs, ...freshCache(generation, this.manifest.graphs[graph] as Graph, batch, sequence) },
      sizes,
    );
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
    return prepare(this.manifest, this.words, raw);
  }

  /** Return the text of token ids that were generated. */
  decode(ids: readonly number[]): string {
    if (!this.words)
      throw new InputError(`${this.manifest.name}: no tokenizer in its manifest; decode the tokens yourself`);
    return this.words.decode(ids);
  }

  /** Name the numbers of every vector of an output, the largest first, as the bundle's `processing` says. */
  labels(outputs: Tensors): Label[][] {
    return labels(this.manifest, outputs);
  }

  /** Give the memory of its graphs back; no call may follow. */
  async release(): Promise<void> {
    await Promise.all([...this.graphs.values()].map((buckets) => buckets.release()));
  }

  #buckets(graph: string): Buckets {
    const buckets = this.graphs.get(graph);
    if (!buckets) throw new InputError(`no graph ${graph}; the bundle has ${[...this.graphs.keys()].join(', ')}`);
    return buckets;
  }
}

/** Return the sizes that a variant fixes in the inputs of a graph. */
function fixedSizes({ sizes }: Variant, { inputs }: Graph): Record<string, number> {
  return Object.fromEntries(
    symbolsOf(inputs).flatMap((symbol) => (symbol in sizes ? [[symbol, sizes[symbol] as number]] : [])),
  );
}

/** Return the variants that calls of a graph can reach: up to the first that fixes none of its sizes. */
function reached(variants: readonly Variant[], graph: Graph): readonly Variant[] {
  const free = variants.findIndex((variant) => Object.keys(fixedSizes(variant, graph)).length === 0);
  return free < 0 ? variants : variants.slice(0, free + 1);
}
