/** An engine: what runs graphs, and which variants it can run here, in the order that the bundle prefers. */

import type { InferenceSession } from 'onnxruntime-common';
import { IncompatibleRuntimeError, InputError } from './errors.js';
import type { Manifest, Variant } from './manifest.js';

/** What all packages of onnxruntime for JavaScript share. */
export type Ort = Pick<typeof import('onnxruntime-common'), 'InferenceSession' | 'Tensor'>;

/** An engine that was started. */
export type Started = {
  readonly ort: Ort;
  /** Of its package, such as "1.30.0". */
  readonly version: string;
  /** The execution providers that it has here, by the names that variants use. */
  readonly providers: readonly string[];
  /** Whether it opens graphs by their path, with the weights that lie beside them. */
  readonly opensPaths?: boolean;
  /**
   * Return how many threads operators have.
   *
   * @param asked What the caller asks for, if anything.
   * @param measured What the variant was measured with.
   */
  threads(asked: number | undefined, measured: number): number;
  /** Return what a variant's sessions are opened with, beside their memory and weights. */
  options(variant: Variant, threads: number): InferenceSession.SessionOptions;
};

export type Engine = {
  /** As variants name it. */
  readonly name: string;
  /** The package that brings it. */
  readonly package: string;
  /** @param wanted The providers that variants ask for. */
  start(wanted: readonly string[]): Promise<Started>;
};

/**
 * Return the variants that run here, and what runs them.
 *
 * @param target The variants of this target alone; undefined for all.
 * @param providers Execution providers in the place of those that the variants name.
 * @throws IncompatibleRuntimeError where none runs; InputError where the bundle has no such target.
 */
export async function runnable(
  manifest: Manifest,
  engine: Engine,
  target: string | undefined,
  providers: readonly string[] | undefined,
): Promise<{ readonly variants: readonly Variant[]; readonly started: Started }> {
  const candidates = manifest.variants
    .filter((variant) => target === undefined || variant.target === target)
    .map((variant) => (providers ? { ...variant, engine: { ...variant.engine, providers } } : variant));
  if (candidates.length === 0) {
    const targets = new Set(manifest.variants.map((variant) => variant.target));
    throw new InputError(`${manifest.name}: no target ${target}; it has ${[...targets].join(', ')}`);
  }
  const own = candidates.filter((variant) => variant.engine.name === engine.name);
  const started = await engine.start(own.flatMap((variant) => variant.engine.providers));
  const lacking = candidates.map((variant) => missing(variant, manifest, engine, started));
  const variants = candidates.filter((_, i) => lacking[i] === null);
  if (variants.length === 0) {
    const needs = candidates.map((variant, i) => `${variant.target} ${lacking[i]}`).join('; ');
    throw new IncompatibleRuntimeError(`${manifest.name}: no variant runs here: ${needs}; export for another target`);
  }
  return { variants, started };
}

/** Return a number of threads that was asked for; throws InputError where it is none. */
export function checkThreads(asked: number | undefined): number | undefined {
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 1))
    throw new InputError(`threads: ${asked} found, at least 1 expected`);
  return asked;
}

/** Return configuration entries as onnxruntime takes them: true is "1", false "0". */
export function entries(options: Variant['engine']['options']): Record<string, string> {
  const text = (value: string | number | boolean): string => String(typeof value === 'boolean' ? Number(value) : value);
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, text(value)]));
}

/** Say what keeps a variant from running here; null where nothing does. */
function missing(
  { engine, sizes }: Variant,
  { generation }: Manifest,
  { name }: Engine,
  { version, providers }: Started,
): string | null {
  const needs = `needs ${engine.name} ${engine.version} with ${engine.providers.join(', ')}`;
  if (engine.name !== name) return `${needs}, and this is ${name}`;
  if (older(version, engine.version)) return `${needs}, and ${version} is here`;
  const absent = engine.providers.filter((provider) => !providers.includes(provider));
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
