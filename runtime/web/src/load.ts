/** Opens a bundle: its files, the variants that run here, and their graphs. */

import { type Bucket, Buckets } from './buckets.js';
import { Bundle, type Progress } from './bundle.js';
import { runnable, startThreads } from './engine.js';
import { readGolden } from './golden.js';
import { type Graph, type Manifest, mainGraph, symbolsOf, type Variant } from './manifest.js';
import { Model } from './model.js';
import { GraphSession, isWeightsOf } from './session.js';
import { type Content, type Source, UrlSource } from './source.js';
import { TextPreparation } from './text.js';

export type LoadOptions = {
  /** The variants of this target alone, such as "web". */
  readonly target?: string;
  /** Intra-op threads; left out, as many as the variant says and the device has. Fixed for a page or worker by its first load. */
  readonly threads?: number;
  /** Execution providers in the place of those that the bundle names, such as webgpu before wasm. */
  readonly providers?: readonly string[];
  /** Ed25519 public keys, each 64 hex digits: what none of them signed is refused. Left out, nothing is verified. */
  readonly trustedKeys?: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
};

/** A graph, and the variants that its calls can reach. */
type Reached = { readonly name: string; readonly graph: Graph; readonly variants: readonly Variant[] };

/**
 * Open a bundle, check what is used of it, and make its graphs ready to be called.
 *
 * @param source The address of its folder, or where else its files come from.
 * @throws BundleError where it is not whole, or a graph is not what its manifest says.
 * @throws IncompatibleRuntimeError where no variant runs here; InputError where an option is none.
 */
export async function load(
  source: string | URL | Source,
  { target, threads, providers, trustedKeys, onProgress }: LoadOptions = {},
): Promise<Model> {
  const started = performance.now();
  const bundle = await Bundle.open(
    typeof source === 'string' || source instanceof URL ? new UrlSource(source) : source,
    trustedKeys,
  );
  const { manifest } = bundle;
  const { variants, ort } = await runnable(manifest, target, providers);
  const used = startThreads(ort, threads, variants[0]?.session?.threads);
  const graphs = Object.entries(manifest.graphs).map(([name, graph]) => ({
    name,
    graph,
    variants: reached(variants, graph),
  }));
  const files = await bundle.read(needed(manifest, graphs), onProgress);
  const open = async ({ name, graph }: Reached, variant: Variant): Promise<Bucket> => {
    const session = await GraphSession.open(ort, graph, variant.files[name] as string, files, variant);
    return { variant, session, sizes: fixedSizes(variant, graph) };
  };
  const opened = new Map<string, Buckets>();
  for (const each of graphs) {
    const buckets: Bucket[] = [];
    for (const variant of each.variants) buckets.push(await open(each, variant));
    const rows = each.name === mainGraph(manifest) ? manifest.rows : undefined;
    opened.set(each.name, new Buckets(each.graph, buckets, rows));
  }
  const text = manifest.processing?.text;
  return new Model({
    manifest,
    graphs: opened,
    samples: readGolden(manifest, files.get(manifest.golden.file) as Content),
    text: text && new TextPreparation(text, files.get(text.tokenizer) as Content),
    engineVersion: ort.env.versions.web ?? 'unknown',
    threads: used,
    loadMs: performance.now() - started,
  });
}

/** Return the files that are used: graphs and their weights, golden vectors, a tokenizer. */
function needed({ files, golden, processing }: Manifest, graphs: readonly Reached[]): string[] {
  const models = graphs.flatMap(({ name, variants }) => variants.map((variant) => variant.files[name] as string));
  const weights = Object.keys(files).filter((file) => models.some((model) => isWeightsOf(file, model)));
  const text = processing?.text;
  return [...new Set([golden.file, ...(text ? [text.tokenizer] : []), ...models, ...weights])];
}

/** Return the sizes that a variant fixes in the inputs of a graph. */
function fixedSizes({ sizes }: Variant, { inputs }: Graph): Record<string, number> {
  const fixed: Record<string, number> = Object.create(null);
  for (const symbol of symbolsOf(inputs)) if (symbol in sizes) fixed[symbol] = sizes[symbol] as number;
  return fixed;
}

/** Return the variants that calls of a graph can reach: up to the first that fixes none of its sizes. */
function reached(variants: readonly Variant[], graph: Graph): readonly Variant[] {
  const free = variants.findIndex((variant) => Object.keys(fixedSizes(variant, graph)).length === 0);
  return free < 0 ? variants : variants.slice(0, free + 1);
}
