/** How a bundle answers a sequence a hop at a time: its entry in the manifest, held against the graphs that it names. */

import { BundleError } from './errors.js';
import { checkBundle, LIMITS } from './limits.js';
import {
  type AudioProcessing,
  allows,
  type Bounds,
  type Graph,
  type Manifest,
  named,
  type SeriesProcessing,
  type Streaming,
  type TensorSpec,
  written,
} from './manifest.js';
import { ARRAYS, count } from './tensor.js';

const STATES = ['float32', 'int64', 'bool'];

type Dims = TensorSpec['dims'];

/** Check a `streaming` whose every key is of the right kind; the dims' symbols and `processing` are known to be right. */
export function checkStreaming(manifest: Manifest, main: string): void {
  const { streaming, graphs, symbols } = manifest;
  if (!streaming) return;
  const { input, axis, outputs, states } = streaming;
  const [step, whole] = [graphs[streaming.step], graphs[main] as Graph];
  if (!step || streaming.step === main)
    refuse('step', streaming.step, `a graph beside ${main} of ${Object.keys(graphs).join(', ')}`);
  const [takes, expected] = [step.inputs.map(({ name }) => name), [input, ...states.map(({ past }) => past)]];
  if (JSON.stringify(takes.toSorted()) !== JSON.stringify(expected.toSorted()))
    refuse('step', `a graph that takes ${listed(takes)}`, `one that takes ${listed(expected)}`);
  const hop = named(step.inputs, input);
  checkInput(streaming, hop, tensorOf('input', whole.inputs, input), symbols);
  if (soundsOf(manifest) && axis !== hop.dims.length - 1)
    refuse('axis', axis, `the last of ${written(hop)} for sounds`);
  const batch = hop.dims[0] as number | string;
  for (const { past, present } of states) {
    const [read, kept] = [tensorOf('states', step.inputs, past), tensorOf('states', step.outputs, present)];
    if (!STATES.includes(read.dtype) || !areSizes(read.dims, batch))
      refuse('states', written(read), `${STATES.join(', ')} of sizes`);
    if (kept.dtype !== read.dtype || !same(kept.dims, read.dims))
      refuse('states', `${written(read)} and ${written(kept)}`, 'the same of both');
  }
  const given = [...outputs, ...states.map(({ present }) => present)];
  if (new Set(given).size !== given.length) refuse('states', listed(given), 'each present and output once');
  for (const name of outputs) {
    const [part, all] = [tensorOf('outputs', step.outputs, name), tensorOf('outputs', whole.outputs, name)];
    if (part.dtype !== all.dtype || part.dims.length !== all.dims.length || !areSizes(part.dims, batch))
      refuse('outputs', `${written(part)} for ${written(all)}`, 'the same dtype and sizes');
  }
  const kept = [...step.inputs, ...outputs.map((name) => named(step.outputs, name))];
  const bytes = kept.map((spec) => ARRAYS[spec.dtype].BYTES_PER_ELEMENT * count(hopDims(spec)));
  const total = bytes.reduce((sum, each) => sum + each, 0);
  checkBundle('streaming: bytes a step', total, LIMITS.step);
}

/** Return the dims of a tensor of a step, whose only symbol is the batch, of 1. */
export const hopDims = ({ dims }: TensorSpec): number[] => dims.map((dim) => (typeof dim === 'number' ? dim : 1));

/** Return how sounds become the input of a step; none where they do not. */
export function soundsOf({ streaming, processing }: Manifest): AudioProcessing | undefined {
  const audio = processing?.audio;
  return audio && !audio.log_mel && audio.input === streaming?.input ? audio : undefined;
}

/** Return how series become the input of a step; none where they do not. */
export function seriesOf({ streaming, processing }: Manifest): SeriesProcessing | undefined {
  const series = processing?.series;
  return series && series.input === streaming?.input ? series : undefined;
}

function checkInput(
  { axis, hop: size }: Streaming,
  hop: TensorSpec,
  whole: TensorSpec,
  symbols: Manifest['symbols'],
): void {
  const isBatch = ({ dims: [batch] }: TensorSpec): boolean =>
    typeof batch === 'string' ? allows(symbols[batch] as Bounds, 1) : batch === 1;
  if (hop.dtype !== 'float32' || !isBatch(hop) || !areSizes(hop.dims.slice(1)))
    refuse('input', written(hop), 'float32 of sizes behind a batch of 1');
  if (hop.dims[axis] !== size) refuse('hop', `${size} on axis ${axis}`, `that of ${written(hop)}`);
  const time = whole.dims[axis];
  if (whole.dtype !== 'float32' || typeof time !== 'string' || time === whole.dims[0])
    refuse('axis', axis, `a symbol's axis of ${written(whole)}, its time`);
  const others = whole.dims.with(axis, size).with(0, hop.dims[0] as number | string);
  if (!isBatch(whole) || !same(others, hop.dims))
    refuse('input', `${written(hop)} and ${written(whole)}`, 'dims that differ in time');
}

const listed = (names: readonly string[]): string => names.toSorted().join(', ');
const same = (a: Dims, b: Dims): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);
const areSizes = (dims: Dims, batch?: number | string): boolean =>
  dims.every((dim) => typeof dim === 'number' || dim === batch);

function tensorOf(key: string, tensors: readonly TensorSpec[], name: string): TensorSpec {
  return named(tensors, name) ?? refuse(key, `${name} beside ${tensors.map(written).join(', ')}`, 'one of these');
}

function refuse(key: string, found: string | number, expected: string): never {
  throw new BundleError(`streaming.${key}: ${found} found, ${expected} expected`);
}
