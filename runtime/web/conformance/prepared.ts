/** Raw texts and images, and what a bundle's processing must make of them, to the bit. */

import type { Model, Pixels, Tensor } from 'edgeattn-web';

/** Two files beside cases.json: what is given, and what becomes of each; null where it is refused. */
export type Preparing = {
  readonly of: 'text' | 'image';
  readonly given: string;
  readonly expected: string;
  readonly error?: never;
};

type RawText = string | { readonly utf16: readonly number[] };
type RawImage = { readonly dims: readonly number[]; readonly pixels: string };

/** Say whether all are prepared as they must be, and else which is the first that is not. */
export async function prepared(
  model: Model,
  { of, given, expected }: Preparing,
  json: (path: string) => Promise<unknown>,
): Promise<{ readonly found: string }> {
  const [raws, wanted] = (await Promise.all([json(given), json(expected)])) as [readonly unknown[], readonly unknown[]];
  const prepare = of === 'text' ? (raw: unknown) => ids(model, raw) : (raw: unknown) => numbers(model, raw);
  const unlike = raws.flatMap((raw, i) =>
    alike(
      orNull(() => prepare(raw)),
      wanted[i],
    )
      ? []
      : [i],
  );
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

/** Return the numbers of an image, or of a batch. */
function numbers(model: Model, raw: unknown): unknown {
  const image = ({ dims, pixels }: RawImage): Pixels => {
    const [height, width] = dims.length <= 3 ? (dims as [number, number]) : [0, 0]; // of more dims there are no Pixels
    return { height, width, data: Uint8Array.from(pixels.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16)) };
  };
  const inputs = model.prepare({ image: Array.isArray(raw) ? raw.map(image) : image(raw as RawImage) });
  return Array.from(Object.values(inputs)[0]?.data as Float32Array);
}

/** Compare numbers as float32 holds them. */
function alike(found: unknown, wanted: unknown): boolean {
  const rounded = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(rounded) : typeof value === 'number' ? Math.fround(value) : value;
  return JSON.stringify(rounded(found)) === JSON.stringify(rounded(wanted));
}

function orNull(prepare: () => unknown): unknown {
  try {
    return prepare();
  } catch (error) {
    if ((error as Error).name === 'InputError') return null;
    throw error;
  }
}
