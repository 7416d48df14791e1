/** Generation as text: its pieces as they come, to a text that ends it. */

import { InputError } from './errors.js';

const UNFINISHED = '\ufffd'; // what a decoder makes of a character whose bytes are not all there

/**
 * Yield the text of tokens piece by piece: together, the text of them all up to the first place where a stop begins.
 * What may be the beginning of a stop comes once it is clear that it is not.
 *
 * @param decode Returns the text of token ids.
 */
export async function* written(
  tokens: AsyncIterable<number>,
  decode: (ids: readonly number[]) => string,
  stops: readonly string[],
): AsyncGenerator<string, void> {
  const ids: number[] = [];
  let given = '';
  for await (const token of tokens) {
    ids.push(token);
    const text = decode(ids);
    const end = stopIn(text, stops);
    if (end >= 0) {
      if (end > given.length) yield text.slice(given.length, end);
      return;
    }
    const settled = text.slice(0, text.length - partialLength(text, stops));
    if (text.endsWith(UNFINISHED) || !text.startsWith(given) || settled.length <= given.length) continue;
    yield settled.slice(given.length);
    given = settled;
  }
  const rest = decode(ids).slice(given.length);
  if (rest) yield rest;
}

/** Return texts that end a text; throws InputError where one is none. */
export function readStops(stops: readonly string[]): readonly string[] {
  if (!Array.isArray(stops) || stops.some((stop) => typeof stop !== 'string' || stop === ''))
    throw new InputError('stopStrings: texts of at least one character expected, such as ["\\n"]');
  return stops;
}

/** Return the first place where a stop begins; -1 where none does. */
function stopIn(text: string, stops: readonly string[]): number {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
  return places.length ? Math.min(...places) : -1;
}

/** Return how many of the last characters may turn out to be the beginning of a stop. */
function partialLength(text: string, stops: readonly string[]): number {
  const overlap = (stop: string): number => {
    for (let length = Math.min(stop.length - 1, text.length); length > 0; length--)
      if (text.endsWith(stop.slice(0, length))) return length;
    return 0;
  };
  return Math.max(0, ...stops.map(overlap));
}
