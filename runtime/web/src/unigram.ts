/**
 * Unigram: of all ways to cut a piece into tokens the likeliest, by Viterbi's algorithm (Kudo, 2018).
 *
 * Of ways that are alike but for rounding, such as "!!" and "!" or "!" and "!!", the one that Rust's tokenizers takes:
 * scores are read and summed as there. The package compares sums with the next token's score in them.
 */

const UNKNOWN_PENALTY = 10;

/** Tokens, each with the logarithm of its probability. */
export type Scores = readonly (readonly [string, number])[];

/** The tokens that begin at a place of a text. */
export type Trie = { common_prefix_search(characters: readonly string[], start: number): Iterable<string> };

/** The last token of the likeliest way to a place: where it begins, and the sum of all scores. */
type End = { readonly start: number; readonly sum: number };

/** Return what cuts a piece into its likeliest tokens; a character that is none stands alone. */
export function unigram(scores: Scores, trie: Trie): (piece: string) => string[] {
  const known = new Map(scores.map(([token, score]) => [token, scoreOfRust(score)]));
  const least = [...known.values()].reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return (piece) => {
    const characters = Array.from(piece);
    const ends: End[] = [{ start: 0, sum: 0 }];
    const offer = (start: number, end: number, score: number): void => {
      const [sum, best] = [(ends[start] as End).sum + score, ends[end]];
      if (best === undefined || sum > best.sum) ends[end] = { start, sum };
    };
    for (const start of characters.keys()) {
      let single = false;
      for (const token of trie.common_prefix_search(characters, start)) {
        const length = Array.from(token).length;
        offer(start, start + length, known.get(token) as number);
        single ||= length === 1;
      }
      if (!single) offer(start, start + 1, least - UNKNOWN_PENALTY);
    }
    const tokens: string[] = [];
    for (let end = characters.length; end > 0; end = (ends[end] as End).start)
      tokens.push(characters.slice((ends[end] as End).start, end).join(''));
    return tokens.reverse();
  };
}

/**
 * Return a score as Rust's serde_json reads it: all digits as one number, then one division or multiplication, so that some
 * are a bit beside the nearest double. It is taken to be written as short as it can be, as by every writer of the file.
 */
function scoreOfRust(score: number): number {
  const [written = '', power = '0'] = String(score).split('e');
  const [whole, fraction = ''] = written.split('.');
  const [digits, exponent] = [Number(whole + fraction), Number(power) - fraction.length];
  const scale = Number(`1e${Math.abs(exponent)}`); // ** is not exact
  return exponent < 0 ? digits / scale : digits * scale;
}
