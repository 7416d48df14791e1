/** Outputs as a person reads them: labels with scores, the text of frames, an answer, objects in an image. */

import { answers } from './answer-span.js';
import { InputError } from './errors.js';
import { shown } from './frame.js';
import { checkInput, LIMITS } from './limits.js';
import type { Labels, Manifest, Objects, Scores, Tags, Transcript } from './manifest.js';
import { scored, type Vector, vectors } from './outputs.js';
import { size } from './steps.js';
import type { Tensors } from './tensor.js';
import type { TextPreparation } from './text.js';
import type { Worded } from './words.js';

/** Left, top, right and bottom. */
export type Box = readonly [number, number, number, number];

/** One thing that an output says, with what belongs to its kind. */
export type Prediction = {
  readonly label?: string;
  /** How sure it is, 0 to 1. */
  readonly score?: number;
  /** What was transcribed, or a part of the text that was given. */
  readonly text?: string;
  /** In pixels where the size of the image is given, as it must be where that lies in a border or is cut; else in shares of it. */
  readonly box?: Box;
  /** An answer's first character in its context and the one behind its last, counted in code points. */
  readonly span?: readonly [number, number];
};

/** What outputs are answers to. */
export type PredictionSource = {
  /** The text of each row. */
  readonly texts?: readonly string[];
  /** The second text of each row, where the bundle takes pairs. */
  readonly pairs?: readonly string[];
  /** The width and height in pixels of the image of each row. */
  readonly sizes?: readonly (readonly [number, number])[];
};

/** Read every row of an output; throws InputError where it is another than the bundle says. */
export function predictions(
  { name, processing }: Manifest,
  outputs: Tensors,
  source: PredictionSource,
  preparation?: TextPreparation,
): Prediction[][] {
  const { labels, prediction } = processing ?? {};
  if (prediction?.kind === 'span') return answers(prediction, outputs, source, preparation);
  if (!labels || !prediction)
    throw new InputError(`${name}: no prediction in its manifest; read the outputs themselves`);
  for (const size of source.sizes ?? [])
    if (size.length !== 2 || !size.every((side) => Number.isSafeInteger(side) && side > 0))
      throw new InputError(`sizes: ${size} found, a width and a height in pixels expected`);
  for (const [width, height] of source.sizes ?? [])
    checkInput('sizes: pixels', width * height, LIMITS.pixels, 'give those that were prepared');
  const isLaid = processing?.image?.align !== undefined;
  if (prediction.kind === 'objects' && isLaid && !source.sizes)
    throw new InputError('sizes: none found; give those of the images in pixels, which boxes lie in');
  const values = vectors(outputs, labels.output, labels.names.length);
  const bounded = (what: string, count: number): void =>
    checkInput(`${labels.output}: ${what}`, count, LIMITS.predictions, 'read the output itself');
  if (prediction.kind === 'classes') bounded('predictions', values.rows.length * labels.names.length);
  if (prediction.kind === 'classes') return values.rows.map((row) => classes(labels, row, prediction.scores));
  const [batch, count] = values.dims as [number, number];
  if (values.dims.length !== 3)
    throw new InputError(`${labels.output}: ${values.dims} found, [batch, ..., labels] of three dims expected`);
  const row = <T>(items: readonly T[], i: number): readonly T[] => items.slice(i * count, (i + 1) * count);
  const rows = Array.from({ length: batch }, (_, i) => row(values.rows, i));
  if (prediction.kind === 'ctc') {
    const kept = rows.map((frames) => places(frames, prediction));
    const texts = labels.names.map((name, place) => (place === prediction.delimiter ? ' ' : name));
    const sizes = texts.map(size);
    bounded(
      'bytes of text',
      kept.flat().reduce((bytes, place) => bytes + (sizes[place] as number), 0),
    );
    return kept.map((row) => [
      {
        text: row
          .map((place) => texts[place])
          .join('')
          .replace(/^ +| +$/g, ''),
      },
    ]);
  }
  if (prediction.kind === 'tags') {
    const { texts = [] } = source;
    if (!preparation || texts.length !== batch)
      throw new InputError(`${labels.output}: ${texts.length} texts found, one for each of ${batch} rows expected`);
    return rows.map((tokens, i) => entities(labels, tokens, preparation.worded(texts[i] as string), prediction));
  }
  const boxes = vectors(outputs, prediction.boxes, 4);
  if (boxes.dims.length !== 3 || boxes.dims[0] !== batch || boxes.dims[1] !== count)
    throw new InputError(
      `${prediction.boxes}: ${boxes.dims} found, a box for each candidate of ${values.dims} expected`,
    );
  const frames = source.sizes?.map(([width, height]) => shown(processing?.image, { width, height }));
  if (frames && frames.length !== batch)
    throw new InputError(`sizes: ${frames.length} found, one for each of ${batch} images expected`);
  let found = 0;
  const counted = (more: number): void => {
    found += more;
    bounded('predictions', found);
  };
  return rows.map((candidates, i) =>
    seen(labels, candidates, row(boxes.rows, i), prediction, frames?.[i] ?? WHOLE, counted),
  );
}

const WHOLE: Box = [0, 0, 1, 1];

function classes({ output, names }: Labels, numbers: Vector, how: Scores): Prediction[] {
  const scores = scored(output, numbers, how);
  const places = [...names.keys()].sort((a, b) => (numbers[b] as number) - (numbers[a] as number) || 0);
  return places.map((place) => ({ label: names[place] as string, score: scores[place] as number }));
}

/** Return the likeliest labels of frames, but repeated ones and blanks. */
function places(frames: readonly Vector[], { blank }: Transcript): number[] {
  const found = frames.map(best);
  return found.filter((place, i) => place !== found[i - 1] && place !== blank);
}

const best = (numbers: Vector): number => numbers.indexOf(numbers.reduce((a, b) => Math.max(a, b)));

/** Words in a row of one entity: its place in the text, its label's, and the scores of the words. */
type Entity = { readonly begin: number; end: number; readonly place: number; readonly scores: number[] };

function entities(
  { output, names }: Labels,
  rows: readonly Vector[],
  { text, words, before, tokens }: Worded,
  { outside }: Tags,
): Prediction[] {
  if (tokens > rows.length)
    throw new InputError(`${output}: ${rows.length} tokens found, at least the ${tokens} of its text expected`);
  const named = (place: number): string => (names[place] as string).replace(outside === null ? '' : /^[BI]-/, '');
  const found: Entity[] = [];
  for (const { begin, end, token } of words) {
    const numbers = rows[before + token] as Vector;
    const place = best(numbers);
    const score = scored(output, numbers, 'softmax')[place] as number;
    const last = found.at(-1);
    const continues = outside !== null && last && !names[place]?.startsWith('B-') && named(last.place) === named(place);
    if (continues) {
      last.end = end;
      last.scores.push(score);
    } else found.push({ begin, end, place, scores: [score] });
  }
  return found
    .filter(({ place }) => place !== outside)
    .map(({ begin, end, place, scores }) => ({
      text: text.slice(begin, end),
      label: named(place),
      score: scores.reduce((a, b) => a + b) / scores.length,
    }));
}

function seen(
  { output, names }: Labels,
  candidates: readonly Vector[],
  boxes: readonly Vector[],
  { form, scores: how, background, threshold }: Objects,
  frame: Box,
  counted: (more: number) => void,
): Prediction[] {
  const eligible = [...names.keys()].filter((place) => place !== background);
  const found = candidates.flatMap((numbers, i) => {
    const scores = scored(output, numbers, how);
    const likeliest = eligible.reduce(
      (a, b) => ((numbers[b] as number) > (numbers[a] as number) ? b : a),
      eligible[0] ?? 0,
    );
    const places = how === 'softmax' ? eligible.filter((place) => place === likeliest) : eligible;
    const above = places.filter((place) => (scores[place] as number) > threshold);
    counted(above.length);
    if (above.length === 0) return [];
    const [a, b, c, d] = [...(boxes[i] as Vector)] as [number, number, number, number];
    const sides = form === 'corners' ? [a, b, c, d] : [a - c / 2, b - d / 2, a + c / 2, b + d / 2];
    const box = sides.map((side, j) => {
      const [from, to] = j % 2 ? [frame[1], frame[3]] : [frame[0], frame[2]];
      return from + side * (to - from);
    }) as unknown as Box;
    return above.map((place) => ({ label: names[place] as string, score: scores[place] as number, box }));
  });
  return found.sort((a, b) => b.score - a.score);
}
