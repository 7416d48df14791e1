/**
 * Beam search: the likeliest sequences are continued together, and those that end are ranked by length.
 *
 * Its answers, scores and end are those of transformers' `generate(num_beams=...)`.
 */

import { InputError } from './errors.js';
import { readCount } from './prompt.js';
import { likeliest, logSoftmax, penalized } from './sampling.js';
import { type Continuation, type Hypothesis, normalized, type Search } from './search.js';
import type { Stops } from './stops.js';

const MOST_BEAMS = 8;

export type Beams = {
  /** 1 to 8 sequences that are continued together, the likeliest; 1 is no beam search (1). */
  readonly numBeams?: number;
  /** The most to return for each prompt, at most the beams. */
  readonly numReturnSequences?: number;
  /** The power of the length in a score: above 0 favors long sequences, below 0 short ones (1). */
  readonly lengthPenalty?: number;
  /**
   * True ends a prompt's beams when there are as many ended sequences; false when, besides, none could score better at
   * its length now; "never" when none could at any length (false).
   */
  readonly earlyStopping?: boolean | 'never';
};

/** Return all of what is asked for; throws InputError where a field is out of its range. */
export function checkBeams(beams: Beams): Required<Beams> {
  const { numBeams = 1, numReturnSequences = 1, lengthPenalty = 1, earlyStopping = false } = beams;
  readCount('numBeams', numBeams, 1, MOST_BEAMS);
  readCount('numReturnSequences', numReturnSequences, 1, numBeams);
  if (!Number.isFinite(lengthPenalty))
    throw new InputError(`lengthPenalty: ${lengthPenalty} found, a finite number expected`);
  if (![true, false, 'never'].includes(earlyStopping))
    throw new InputError(`earlyStopping: ${earlyStopping} found, true, false or "never" expected`);
  return { numBeams, numReturnSequences, lengthPenalty, earlyStopping };
}

/** A sequence that goes on: its new tokens, and the sum of their log-probabilities. */
type Running = { readonly tokens: readonly number[]; readonly score: number };

/** One prompt's beams. */
export class BeamSearch implements Search {
  #running: readonly Running[] = [{ tokens: [], score: 0 }]; // the likeliest first
  #finished: readonly Hypothesis[] = []; // the best first

  /**
   * @param begin The tokens that every sequence begins with.
   * @param limit The most new tokens.
   * @param penalty On the log-probabilities of tokens that a sequence has already.
   */
  constructor(
    private readonly begin: readonly number[],
    private readonly limit: number,
    private readonly stops: Stops,
    private readonly beams: Required<Beams>,
    private readonly penalty: number,
  ) {}

  advance(logits: readonly Float32Array[]): Continuation | null {
    const width = this.beams.numBeams;
    const survivors: (Running & { readonly row: number; readonly token: number })[] = [];
    for (const [place, { row, token, score }] of this.#candidates(logits).entries()) {
      const tokens = [...(this.#running[row] as Running).tokens, token];
      const stopLength = this.stops.stopLength(tokens);
      // What ends behind the first candidates is dropped: it is only there so that enough others go on.
      if (stopLength === 0 && tokens.length < this.limit) survivors.push({ tokens, score, row, token });
      else if (place < width) this.#finish(tokens, score, stopLength);
    }
    survivors.splice(width);
    const [best] = survivors;
    if (!best || this.#isDone(best)) return null;
    this.#running = survivors;
    return { rows: survivors.map(({ row }) => row), tokens: survivors.map(({ token }) => token) };
  }

  get hypotheses(): readonly Hypothesis[] {
    return this.#finished.slice(0, this.beams.numReturnSequences);
  }

  /** Return the likeliest continuations: for every beam one for each token that may end it, and one that goes on. */
  #candidates(logits: readonly Float32Array[]): { row: number; token: number; score: number }[] {
    const words = logits[0]?.length ?? 0;
    const scores = new Float64Array(logits.length * words);
    for (const [row, each] of logits.entries()) {
      const { tokens, score } = this.#running[row] as Running;
      const own = penalized(logSoftmax(each), [...this.begin, ...tokens], this.penalty);
      scores.set(
        own.map((logProbability) => logProbability + score),
        row * words,
      );
    }
    const most = Math.max(2, 1 + this.stops.lastTokens) * this.beams.numBeams;
    return likeliest(scores, most).map((place) => ({
      row: Math.floor(place / words),
      token: place % words,
      score: scores[place] as number,
    }));
  }

  #finish(tokens: readonly number[], score: number, stopLength: number): void {
    const ranked = normalized(score, tokens.length, this.beams.lengthPenalty);
    const hypothesis = { tokens: tokens.slice(0, tokens.length - stopLength), score: ranked };
    this.#finished = [...this.#finished, hypothesis] // of a tie the older first
      .sort((a, b) => (a.score === b.score ? 0 : b.score - a.score))
      .slice(0, this.beams.numBeams);
  }

  /** Say whether the search ends, given its best running sequence. */
  #isDone({ tokens, score }: Running): boolean {
    const { numBeams, earlyStopping, lengthPenalty } = this.beams;
    if (this.#finished.length < numBeams) return false;
    if (earlyStopping === true) return true;
    const length = earlyStopping === 'never' && lengthPenalty > 0 ? this.limit : tokens.length;
    return normalized(score, length, lengthPenalty) <= (this.#finished.at(-1) as Hypothesis).score;
  }
}
