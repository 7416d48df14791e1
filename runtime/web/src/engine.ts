/** onnxruntime-web: which variants it can run here, in the order that the bundle prefers, and its threads. */

import { cores, hasWebGpu, importEngine } from '#platform';
import { IncompatibleRuntimeError, InputError } from './errors.js';
import type { Manifest, Variant } from './manifest.js';

export type Ort = typeof import('onnxruntime-web');

const ENGINE = 'onnxruntime-web';
let pool: number | undefined; // threads of this page or worker: fixed with its first session

/**
 * Return the variants that run here, and the engine.
 *
 * @param target The variants of this target alone; undefined for all.
 * @param providers Execution providers in the place of those that the variants name.
 * @throws IncompatibleRuntimeError where none runs; InputError where the bundle has no such target.
 */
export async function runnable(
  manifest: Manifest,
  target: string | undefined,
  providers: readonly string[] | undefined,
): Promise<{ variants: readonly Variant[]; ort: Ort }> {
  const candidates = manifest.variants
    .filter((variant) => target === undefined || variant.target === target)
    .map((variant) => (providers ? { ...variant, engine: { ...variant.engine, providers } } : variant));
  if (candidates.length === 0) {
    const targets = new Set(manifest.variants.map((variant) => variant.target));
    throw new InputError(`${manifest.name}: no target ${target}; it has ${[...targets].join(', ')}`);
  }
  const asked = candidates.some(({ engine }) => engine.name === ENGINE && engine.providers.includes('webgpu'));
  const webgpu = asked && (await hasWebGpu());
  const ort = await importEngine(webgpu);
  const here = webgpu ? ['webgpu', 'wasm'] : ['wasm'];
  const lacking = candidates.map((variant) => missing(variant, manifest, ort.env.versions.web ?? '0', here));
  const variants = candidates.filter((_, i) => lacking[i] === null);
  if (variants.length === 0) {
    const needs = candidates.map((variant, i) => `${variant.target} ${lacking[i]}`).join('; ');
    throw new IncompatibleRuntimeError(`${manifest.name}: no variant runs here: ${needs}; export for the target web`);
  }
  return { variants, ort };
}

/**
 * Set how many threads operators may use, and return how many they have.
 *
 * @param asked What the caller asks for, if anything; no more are had than there are cores, and one without isolation.
 * @throws InputError where this page or worker has another number already.
 */
export function startThreads(ort: Ort, asked: number | undefined, measured = 1): number {
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 1))
    throw new InputError(`threads: ${asked} found, at least 1 expected`);
  const threads = Math.min(asked ?? pool ?? measured, cores());
  if (pool !== undefined && threads !== pool) {
    throw new InputError(
      `threads: ${threads} found, ${pool} expected: ${ENGINE} keeps those of its first session; use another worker`,
    );
  }
  pool = threads;
  ort.env.wasm.numThreads = threads;
  return threads;
}

/** Say what keeps a variant from running here; null where nothing does. */
function missing(
  { engine, sizes }: Variant,
  { generation }: Manifest,
  version: string,
  here: readonly string[],
): string | null {
  const needs = `needs ${engine.name} ${engine.version} with ${engine.providers.join(', ')}`;
  if (engine.name !== ENGINE) return `${needs}, and this runtime drives ${ENGINE}`;
  if (older(version, engine.version)) return `${needs}, and ${version} is here`;
  const absent = engine.providers.filter((provider) => !here.includes(provider));
  if (absent.length) return `${needs}, and ${absent.join(', ')} is not here`;
  if (generation && Object.keys(sizes).length) return 'fixes sizes, and this runtime generates in dynamic sizes alone';
  return null;
}

/** Compare versions such as "1.30" by their numbers; what stands behind them, such as "-dev", counts for nothing. */
function older(found: string, expected: string): boolean {
  const numbers = (version: string): number[] => (version.match(/^\d+(\.\d+)*/)?.[0] ?? '0').split('.').map(Number);
  const [ours, theirs] = [numbers(found), numbers(expected)];
  const place = theirs.findIndex((number, i) => number !== (ours[i] ?? 0));
  return place >= 0 && (ours[place] ?? 0) < (theirs[place] as number);
}
