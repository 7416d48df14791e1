/** Raw texts, images, sounds and series, and what a bundle's processing must make of them, to the bit. */

import {
  type ImageInput,
  type Model,
  readCsv,
  readImage,
  readWav,
  type SeriesInput,
  type SoundInput,
  type Tensor,
} from 'edgeattn-web';

/** Two files beside cases.json: what is given, and what becomes of each; null where it is refused. */
export type Preparing = {
  readonly of: 'text' | 'pair' | 'image' | 'audio' | 'series';
  readonly given: string;
  readonly expected: string;
  readonly tolerance?: number;
  readonly error?: never;
};

type RawText = string | { readonly utf16: readonly number[] };
type RawPair = { readonly text: string; readonly pair?: string; readonly prompt?: string };
type RawFile = { readonly file: string };
type RawSound = { readonly rate: number; readonly channels: readonly (readonly number[])[] };
type RawSeries = { readonly values: readonly (readonly (number | null)[])[] };
type RawImage = { readonly dims: readonly number[]; readonly pixels: string };

/** Reads a file beside cases.json. */
type Files = (path: string) => Promise<Uint8Array>;

/** Say whether all are prepared as they must be, and else which is the first that is not. */
export async function prepared(
  model: Model,
  { of, given, expected, tolerance = 0 }: Preparing,
  files: Files,
): Promise<{ readonly found: string }> {
  const listed = async (path: string): Promise<readonly unknown[]> =>
    JSON.parse(new TextDecoder().decode(await files(path)));
  const [raws, wanted] = await Promise.all([listed(given), listed(expected)]);
  const unlike: number[] = [];
  for (const [i, raw] of raws.entries()) {
    const prepare = async (): Promise<unknown> =>
      of === 'text' ? ids(model, raw) : of === 'pair' ? pairs(model, raw) : numbers(model, of, raw, files);
    if (!alike(await orNull(prepare), wanted[i], tolerance)) unlike.push(i);
  }
  return { found: unlike.length ? `${unlike.length} of ${raws.length} unlike, the first at ${unlike[0]}` : 'answered' };
}

/** Return the token ids of a text, or of each of a batch, without padding. */
function ids(model: Model, raw: unknown): unknown {
  const text = (each: RawText): string => (typeof each === 'string' ? each : String.fromCharCode(...each.utf16));
  const inputs = model.prepare({ text: Array.isArray(raw) ? raw.map(text) : text(raw as RawText) });
  const { ids: input = '', mask = null } = model.manifest.processing?.text ?? {};
  const { dims, data } = inputs[input] as Tensor;
  const [rows = 0, length = 0] = dims;
  const found = Array.from({ length: rows }, (_, i) => {
    const row = (values: Tensor['data']): number[] =>
      Array.from(values.slice(i * length, (i + 1) * length) as Int32Array, Number);
    const shown = mask === null ? undefined : row((inputs[mask] as Tensor).data);
    return row(data).filter((_, j) => shown?.[j] !== 0);
  });
  return Array.isArray(raw) ? found : found[0];
}

/** Return the token ids and type ids of a pair, or a text with a prompt, or of each of a batch, without padding. */
function pairs(model: Model, raw: unknown): unknown {
  const rows = (Array.isArray(raw) ? raw : [raw]) as readonly RawPair[];
  const inputs = model.prepare({
    text: rows.map(({ text }) => text),
    ...(rows[0]?.pair !== undefined && { pair: rows.map(({ pair }) => pair as string) }),
    ...(rows[0]?.prompt !== undefined && { prompt: rows[0].prompt }),
  });
  const { ids = '', mask, types } = model.manifest.processing?.text ?? {};
  const numbers = (name: string): number[] => Array.from((inputs[name] as Tensor).data as Int32Array, Number);
  const [shown, tokens, kinds] = [numbers(mask as string), numbers(ids), numbers(types as string)];
  const length = shown.length / rows.length;
  const found = rows.map((_, i) => {
    const row = (values: number[]): number[] =>
      values.slice(i * length, (i + 1) * length).filter((__, j) => shown[i * length + j] === 1);
    return { ids: row(tokens), types: row(kinds) };
  });
  return Array.isArray(raw) ? found : found[0];
}

/** Return the numbers of an image, a sound or series, or of a batch. */
async function numbers(model: Model, of: 'image' | 'audio' | 'series', raw: unknown, files: Files): Promise<unknown> {
  const { series: how } = model.manifest.processing ?? {};
  const decode = {
    image: readImage,
    audio: async (content: Uint8Array) => readWav(content),
    series: async (content: Uint8Array) => readCsv(content, how?.names ?? []),
  }[of];
  const read = { image, audio: sound, series }[of] as (raw: unknown) => unknown;
  const one = async (each: unknown): Promise<unknown> =>
    'file' in (each as object) ? decode(await files((each as RawFile).file)) : read(each);
  const inputs = model.prepare({ [of]: Array.isArray(raw) ? await Promise.all(raw.map(one)) : await one(raw) });
  return Array.from(Object.values(inputs)[0]?.data as Float32Array);
}

function image({ dims, pixels }: RawImage): ImageInput {
  const [height, width] = dims.length <= 3 ? (dims as [number, number]) : [0, 0]; // of more dims there are no pixels
  return { height, width, data: Uint8Array.from(pixels.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16)) };
}

function sound({ rate, channels }: RawSound): SoundInput {
  return { rate, channels: channels.map((samples) => Float32Array.from(samples)) };
}

function series({ values }: RawSeries): SeriesInput {
  return { values: values.map((row) => row.map((value) => value ?? Number.NaN)) };
}

/** Compare numbers as float32 holds them, or within a tolerance. */
function alike(found: unknown, wanted: unknown, tolerance: number): boolean {
  if (tolerance && Array.isArray(found) && Array.isArray(wanted))
    return found.length === wanted.length && found.every((value, i) => Math.abs(value - wanted[i]) <= tolerance);
  const rounded = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(rounded) : typeof value === 'number' ? Math.fround(value) : value;
  return JSON.stringify(rounded(found)) === JSON.stringify(rounded(wanted));
}

async function orNull(prepare: () => Promise<unknown>): Promise<unknown> {
  try {
    return await prepare();
  } catch (error) {
    if ((error as Error).name === 'InputError') return null;
    throw error;
  }
}
