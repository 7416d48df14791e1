/** What a bundle costs on this device, and whether it answers right there: a device's word on it. */

import { machine, peakMemoryMb } from '#platform';
import { bind } from './contract.js';
import { type CallOptions, Deadline } from './deadline.js';
import { InputError } from './errors.js';
import type { GoldenResult, GoldenVectors } from './golden.js';
import type { Machine } from './machine.js';
import { type Graph, type Manifest, mainGraph, type Variant } from './manifest.js';
import type { Tensors } from './tensor.js';

const WARMUP = 3; // calls of each sample that are not counted

/** Percentiles of one call's time in milliseconds, over so many calls. */
export type Latency = { readonly p50: number; readonly p90: number; readonly p99: number; readonly count: number };

/** The latency of one golden sample, and the sizes that its symbolic dims had. */
export type Timing = {
  readonly sample: number;
  readonly shape: Readonly<Record<string, number>>;
  readonly latency_ms: Latency;
};

/** One bundle on one device, as the report takes it. */
export type Benchmark = {
  readonly schema: 1;
  readonly model: string;
  readonly target: string;
  /** By file of that target its sha256. */
  readonly graphs: Readonly<Record<string, string>>;
  readonly machine: Machine;
  readonly load_ms: number;
  readonly peak_memory_mb: number | null;
  readonly golden: readonly GoldenResult[];
  readonly runs: readonly { readonly threads: number; readonly timings: readonly Timing[] }[];
};

export type BenchOptions = CallOptions & {
  /** How long calls are timed. */
  readonly seconds?: number;
};

/** What of a model is timed. */
type Timed = {
  readonly manifest: Manifest;
  readonly engine: { readonly name: string; readonly version: string };
  readonly threads: number;
  readonly variants: readonly Variant[];
  readonly loadMs: number;
  golden(): Promise<GoldenVectors>;
  check(limits: CallOptions): Promise<GoldenResult[]>;
  run(inputs: Tensors): Promise<Tensors>;
};

/** Replay the golden vectors, and time calls on their inputs in turns for so many seconds. */
export async function bench(model: Timed, { seconds = 3, ...limits }: BenchOptions): Promise<Benchmark> {
  if (!(seconds > 0)) throw new InputError(`seconds: ${seconds} found, above 0 expected`);
  const { manifest, threads, variants, loadMs } = model;
  const deadline = new Deadline(limits);
  const { samples } = await deadline.race(model.golden());
  if (samples.length === 0)
    throw new InputError(`${manifest.name}: packed without golden vectors; take the bundle that it was packed from`);
  const golden = await model.check(limits);
  const times: number[][] = samples.map(() => []);
  const end = performance.now() + seconds * 1e3;
  for (let round = 0; round <= WARMUP || performance.now() < end; round++) {
    for (const [i, { inputs }] of samples.entries()) {
      await deadline.heard();
      const start = performance.now();
      await model.run(inputs);
      if (round >= WARMUP) times[i]?.push(performance.now() - start);
    }
  }
  const specs = (manifest.graphs[mainGraph(manifest)] as Graph).inputs;
  const timings = samples.map(({ inputs }, sample) => ({
    sample,
    shape: { ...bind(specs, inputs) },
    latency_ms: percentiles(times[sample] ?? []),
  }));
  const files = [...new Set(variants.flatMap((variant) => Object.values(variant.files)))].sort();
  return {
    schema: 1,
    model: manifest.name,
    target: variants[0]?.target ?? '',
    graphs: Object.fromEntries(files.map((file) => [file, manifest.files[file]?.sha256 ?? ''])),
    machine: await here(model),
    load_ms: loadMs,
    peak_memory_mb: peakMemoryMb(),
    golden,
    runs: [{ threads, timings }],
  };
}

async function here({ engine }: Timed): Promise<Machine> {
  const found = await machine();
  return { ...found, versions: { ...found.versions, [engine.name]: engine.version } };
}

function percentiles(times: readonly number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = (sorted.length - 1) * share;
    const [below, above] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
    return below + (above - below) * (place % 1);
  };
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), count: sorted.length };
}
