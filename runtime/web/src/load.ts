/** Opens a bundle: its files, the variants that run here, and their graphs. */

import { sourceAt } from '#platform';
import { type Bucket, Buckets } from './buckets.js';
import { Bundle, type Progress } from './bundle.js';
import { type CallOptions, Deadline, thrown } from './deadline.js';
import { type Engine, runnable } from './engine.js';
import { InputError } from './errors.js';
import { type GoldenVectors, readGolden } from './golden.js';
import { type Graph, type Manifest, mainGraph, symbolsOf, type Variant } from './manifest.js';
import { Model } from './model.js';
import type { Fetched } from './processing.js';
import { GraphSession, isWeightsOf } from './session.js';
import { checkKeys } from './signature.js';
import type { Content, Source } from './source.js';
import { web } from './web.js';

export type LoadOptions = CallOptions & {
  /** What runs the graphs: onnxruntime-web where it is left out; in Node also `native` of edgeattn-web/native. */
  readonly engine?: Engine;
  /** The variants of this target alone, such as "web". */
  readonly target?: string;
  /** Intra-op threads; left out, as many as the variant says and the device has. onnxruntime-web fixes them by its first load. */
  readonly threads?: number;
  /** Execution providers in the place of those that the bundle names, such as webgpu before wasm. */
  readonly providers?: readonly string[];
  /** Ed25519 keys, each 64 digits of hex: a bundle that none of them signed is refused. Left out, nothing is verified. */
  readonly trustedKeys?: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
};

/** A graph, and the variants that its calls can reach. */
type Reached = { readonly name: string; readonly graph: Graph; readonly variants: readonly Variant[] };

/**
 * Open a bundle, check what is used of it, and make its graphs ready to be called.
 *
 * @param source The address of its folder, in Node also its path; or where else its files come from.
 * @throws BundleError where it is not whole, or a graph is not what its manifest says.
 * @throws IncompatibleRuntimeError where no variant runs here; InputError where an option is none; ResourceError where
 *     memory is short; DeadlineError where the end comes before.
 */
export async function load(source: string | URL | Source, options: LoadOptions = {}): Promise<Model> {
  try {
    return await opened(source, options);
  } catch (error) {
    throw thrown(InputError, 'load: no source or options of it', error, options ?? {});
  }
}

async function opened(source: string | URL | Source, options: LoadOptions): Promise<Model> {
  const { engine = web, target, threads, providers, trustedKeys, onProgress = () => {} } = options;
  const deadline = new Deadline(options);
  const started = performance.now();
  const folder = sourceOf(source);
  const bundle = await deadline.race(Bundle.open(folder, trustedKeys && checkKeys(trustedKeys)));
  const { manifest } = bundle;
  const { variants, started: running } = await runnable(manifest, engine, target, providers);
  const used = running.threads(threads, variants[0]?.session?.threads ?? 1);
  const graphs = Object.entries(manifest.graphs).map(([name, graph]) => ({
    name,
    graph,
    variants: reached(variants, graph),
  }));
  const watched = (progress: Progress): void => {
    deadline.check();
    onProgress(progress);
  };
  const place = running.opensPaths && !trustedKeys ? folder.place?.bind(folder) : undefined; // else by the bytes that were hashed
  const { content, models } = needed(manifest, graphs);
  const files = await deadline.race(
    place // a graph may then read any file of its folder
      ? bundle.read(
          Object.keys(manifest.files).filter((file) => file !== manifest.golden?.file),
          watched,
          (file) => content.includes(file),
        )
      : bundle.read([...new Set([...content, ...models])], watched),
  );
  const open = async ({ name, graph }: Reached, variant: Variant): Promise<Bucket> => {
    const file = variant.files[name] as string;
    const session = await GraphSession.open(engine, running, graph, file, place?.(file) ?? files, variant, used);
    return { variant, session, sizes: fixedSizes(variant, graph) };
  };
  const buckets = new Map<string, Buckets>();
  for (const each of graphs) {
    const sizes: Bucket[] = [];
    for (const variant of each.variants) sizes.push(await deadline.race(open(each, variant)));
    const rows = each.name === mainGraph(manifest) ? manifest.rows : undefined;
    buckets.set(each.name, new Buckets(each.graph, sizes, rows));
  }
  return new Model({
    manifest,
    graphs: buckets,
    golden: () => goldenOf(bundle),
    fetched: await fetchedFor(manifest, files),
    engine: { name: engine.package, version: running.version },
    threads: used,
    loadMs: performance.now() - started,
  });
}

/** Fetched when something asks for them: no call waits for them. */
async function goldenOf(bundle: Bundle): Promise<GoldenVectors> {
  const { golden } = bundle.manifest;
  if (!golden) return { samples: [], spreads: {} };
  const files = await bundle.read([golden.file]);
  return readGolden(bundle.manifest, golden, files.get(golden.file) as Content);
}

async function fetchedFor({ processing }: Manifest, files: ReadonlyMap<string, Content>): Promise<Fetched> {
  const { text, image, audio, prediction } = processing ?? {};
  const tokenizer = text && new (await import('./text.js')).TextPreparation(text, files.get(text.tokenizer) as Content);
  return {
    text: tokenizer,
    prepareImages: image && (await import('./image.js')).prepareImages,
    prepareSounds: audio && (await import('./sound.js')).prepareSounds,
    predictions: prediction && (await import('./prediction.js')).predictions,
  };
}

function sourceOf(source: string | URL | Source): Source {
  if (typeof source === 'string' || source instanceof URL) return sourceAt(source);
  if (typeof source?.read === 'function') return source;
  throw new InputError(`source: ${typeof source} found, an address or a source of files expected`);
}

/** Return the files that a call uses: a tokenizer, and graphs with their weights. */
function needed(
  { files, processing }: Manifest,
  graphs: readonly Reached[],
): { readonly content: readonly string[]; readonly models: readonly string[] } {
  const models = graphs.flatMap(({ name, variants }) => variants.map((variant) => variant.files[name] as string));
  const weights = Object.keys(files).filter((file) => models.some((model) => isWeightsOf(file, model)));
  const text = processing?.text;
  return { content: text ? [text.tokenizer] : [], models: [...models, ...weights] };
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
