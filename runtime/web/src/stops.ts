/** What ends a sequence: a token, or several in a row. */

import { InputError } from './errors.js';
import { readTokens, type Tokens } from './prompt.js';

type Ids = readonly number[];

export class Stops {
  readonly #sequences: readonly Ids[]; // the longest first

  /**
   * @param stop Tokens, each of which ends a sequence by itself.
   * @param sequences Several tokens in a row, none empty.
   * @param words Tokens are below it.
   * @throws InputError where they are no tokens.
   */
  constructor(stop: Tokens = [], sequences: Iterable<Tokens> = [], words = Number.MAX_SAFE_INTEGER) {
    if (!(Symbol.iterator in Object(sequences)) || typeof sequences === 'string')
      throw new InputError(`stopSequences: ${typeof sequences} found, lists of token ids expected`);
    const single = readTokens('stop', stop, words, 0).map((token) => [token]);
    const several = Array.from(sequences, (ids, i) => readTokens(`stopSequences[${i}]`, ids, words, 1));
    this.#sequences = [...single, ...several].sort((a, b) => b.length - a.length);
  }

  /** How many different tokens may end a sequence. */
  get lastTokens(): number {
    return new Set(this.#sequences.map((ids) => ids.at(-1))).size;
  }

  /** Return how many of the last tokens end the sequence: the longest stop; 0 where none does. */
  stopLength(tokens: Ids): number {
    return this.#sequences.find((ids) => endsWith(tokens, ids, ids.length))?.length ?? 0;
  }

  /** Return how many of the last tokens may turn out to be the beginning of a stop. */
  partialLength(tokens: Ids): number {
    const overlap = (ids: Ids): number => {
      for (let length = Math.min(ids.length - 1, tokens.length); length > 0; length--)
        if (endsWith(tokens, ids, length)) return length;
      return 0;
    };
    return Math.max(0, ...this.#sequences.map(overlap));
  }
}

/** Say whether tokens end with the first of a sequence. */
function endsWith(tokens: Ids, sequence: Ids, length: number): boolean {
  if (length > tokens.length) return false;
  for (let i = 0; i < length; i++) if (tokens[tokens.length - length + i] !== sequence[i]) return false;
  return true;
}
