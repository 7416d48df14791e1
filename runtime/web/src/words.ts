/** The words of a text, and where each begins among its tokens. */

import { InputError } from './errors.js';

/** A word: its places in the text, as JavaScript counts them, and the place of its first token among the text's own. */
export type Word = { readonly begin: number; readonly end: number; readonly token: number };

/** A text, its words, the special tokens before its own, and how many tokens its row has. */
export type Worded = {
  readonly text: string;
  readonly words: readonly Word[];
  readonly before: number;
  readonly tokens: number;
};

type IdsOf = (part: string) => readonly number[];

// Blanks, and the run of other characters behind them; and a character of it that is a word of its own.
// Where the tokenizer takes other blanks for characters, spaces alone are blanks.
const RUNS = [/(\p{White_Space}*)(\P{White_Space}*)/gu, /( *)([^ ]*)/gu];
const ALONE = /[\p{P}!-/:-@[-`{-~\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2fa1f}]/gu;

/**
 * Return the words of a text that have a token, in order. A word is a run of characters between blanks; a punctuation mark and
 * an ideograph are words of their own, where the tokenizer parts them too.
 *
 * @param ids The text's own tokens, those that are cut left out.
 * @param idsOf Returns the tokens of a text, without special ones.
 * @throws InputError where a token reaches beyond a run.
 */
export function wordsOf(text: string, ids: readonly number[], idsOf: IdsOf): readonly Word[] {
  for (const runs of RUNS) {
    const words: Word[] = [];
    const joined: number[] = [];
    for (const { 0: whole, 1: blanks = '', index } of text.matchAll(runs)) {
      if (whole === '') continue; // at the end
      const stop = index + whole.length;
      for (const { begin, end, ids: part } of piecesOf(text, index, index + blanks.length, stop, idsOf)) {
        if (part.length > 0 && begin < end && joined.length < ids.length)
          words.push({ begin, end, token: joined.length });
        for (const id of part) joined.push(id);
      }
    }
    if (ids.every((id, i) => id === joined[i])) return words;
  }
  throw new InputError('text: tokens reach beyond words; read the outputs themselves');
}

/** A part of a text with its tokens: blanks, or a word. */
type Piece = { readonly begin: number; readonly end: number; readonly ids: readonly number[] };

/** Return the words of a run behind the blanks from `start` on: the most that have the run's own tokens together. */
function piecesOf(text: string, start: number, begin: number, end: number, idsOf: IdsOf): readonly Piece[] {
  const whole = idsOf(text.slice(start, end));
  const last = Math.max(start, begin - 1); // the blank that many tokenizers have a word begin with
  const alone = [...text.slice(begin, end).matchAll(ALONE)].flatMap(({ 0: character, index }) => [
    begin + index,
    begin + index + character.length,
  ]);
  const edges = alone.filter((place) => place !== begin);
  for (const cuts of [[begin, ...edges], edges, []]) {
    const places = [...new Set([start, last, end, ...cuts])].sort((a, b) => a - b);
    const pieces = places.slice(1).map((stop, i) => {
      const from = places[i] as number;
      return { begin: Math.max(from, begin), end: stop, ids: idsOf(text.slice(from, stop)) };
    });
    const joined = pieces.flatMap(({ ids }) => ids);
    if (joined.length === whole.length && joined.every((id, i) => id === whole[i])) return pieces;
  }
  return [{ begin, end, ids: whole }];
}
