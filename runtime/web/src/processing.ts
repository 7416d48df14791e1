/** What stands between an app's data and the tensors of a call, as the bundle's `processing` says. */

import { InputError } from './errors.js';
import type { ImageInput, prepareImages } from './image.js';
import { type Manifest, mainGraph, named, type TensorSpec } from './manifest.js';
import type { predictions } from './prediction.js';
import { prepareSeries, type SeriesInput } from './series.js';
import type { prepareSounds, SoundInput } from './sound.js';
import type { Tensors } from './tensor.js';
import type { TextPreparation } from './text.js';

type OneOrMany<T> = T | readonly T[];

/** What an app has: one of each kind, or a batch. */
export type Raw = {
  readonly text?: OneOrMany<string>;
  /** The second text of each, such as the context of a question, where the bundle takes pairs. */
  readonly pair?: OneOrMany<string>;
  /** The name of a prompt of the bundle, which is put before each text; '' for none. Default: the bundle's own. */
  readonly prompt?: string;
  /** Pixels, such as a canvas' ImageData, or what `readImage` makes of a file. */
  readonly image?: OneOrMany<ImageInput>;
  /** Samples, or what `readWav` makes of a file. */
  readonly audio?: OneOrMany<SoundInput>;
  readonly series?: OneOrMany<SeriesInput>;
};

/** Parts of the package that a page fetches only for bundles whose `processing` asks for them. */
export type Fetched = {
  readonly text: TextPreparation | undefined;
  readonly prepareImages: typeof prepareImages | undefined;
  readonly prepareSounds: typeof prepareSounds | undefined;
  readonly predictions: typeof predictions | undefined;
};

/** What a place along an output is called, and the number there. */
export type ScoredLabel = { readonly name: string; readonly value: number };

const many = <T>(given: OneOrMany<T>): readonly T[] => (Array.isArray(given) ? given : [given as T]);

/** Make inputs of all that is given; throws InputError where the bundle says nothing of its kind, or it is none. */
export function prepare(manifest: Manifest, { text, prepareImages, prepareSounds }: Fetched, raw: Raw): Tensors {
  const { image, audio, series } = manifest.processing ?? {};
  const has = { text, image, audio, series };
  if (typeof raw !== 'object' || raw === null || Object.keys(raw).length === 0)
    throw new InputError('prepare: nothing found, { text }, { image }, { audio } or { series } expected');
  const { pair, prompt, ...kinds } = raw;
  if (raw.text === undefined && (pair !== undefined || prompt !== undefined))
    throw new InputError('pair or prompt: found without a text; give text as well');
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
    if (!has[kind])
      throw new InputError(`${kind}: found, and ${manifest.name} has no processing for it; make its inputs yourself`);
    if (raw[kind] !== undefined && many<unknown>(raw[kind]).length === 0)
      throw new InputError(`${kind}: none found, at least one expected`);
  }
  return {
    ...(raw.text !== undefined &&
      text?.prepare(
        many(raw.text),
        { pairs: pair === undefined ? undefined : many(pair), prompt },
        (input) => specOf(manifest, input).dtype,
      )),
    ...(raw.image !== undefined && image && prepareImages && { [image.input]: prepareImages(many(raw.image), image) }),
    ...(raw.audio !== undefined &&
      audio &&
      prepareSounds && { [audio.input]: prepareSounds(many(raw.audio), audio, specOf(manifest, audio.input)) }),
    ...(raw.series !== undefined &&
      series && { [series.input]: prepareSeries(many(raw.series), series, specOf(manifest, series.input)) }),
  };
}

/** Name the numbers of every vector of an output, the largest first. */
export function labels({ name, processing }: Manifest, outputs: Tensors): ScoredLabel[][] {
  const labels = processing?.labels;
  if (!labels) throw new InputError(`${name}: no labels in its manifest; read the outputs themselves`);
  const found = outputs[labels.output];
  if (found?.dtype !== 'float32')
    throw new InputError(`${labels.output}: ${found?.dtype ?? 'nothing'} found, float32 expected`);
  const places = labels.names.length;
  if (found.dims.at(-1) !== places)
    throw new InputError(`${labels.output}: a last dim of ${found.dims.at(-1)} found, ${places} expected`);
  const data = found.data as Float32Array;
  if (data.some(Number.isNaN)) throw new InputError(`${labels.output}: NaN found, numbers expected`);
  return Array.from({ length: data.length / places }, (_, i) =>
    labels.names
      .map((label, j) => ({ name: label, value: data[i * places + j] as number }))
      .sort((a, b) => b.value - a.value),
  );
}

function specOf({ graphs, generation, ...manifest }: Manifest, input: string): TensorSpec {
  const called = [generation?.encoder, generation?.decoder, mainGraph({ graphs, ...manifest })];
  return named(
    called.flatMap((name) => graphs[name ?? '']?.inputs ?? []),
    input,
  );
}
