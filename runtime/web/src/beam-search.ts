/**
 * Beam search: the likeliest sequences are continued together, and those that end are ranked by length.
 *
 * Its answers, scores and end are those of transformers' `generate(num_beams=...)`.
 */

import type { SettledOptions } from './generation-options.js';
import { likeliest, logSoftmax, penalized } from './sampling.js';
import { type Continuation, type Hypothesis, isBeyond, normalized, type Search } from './search.js';
import type { Stops } from './stops.js';

/** A sequence that goes on: its new tokens, and the sum of their log-probabilities. */
type Running = { readonly tokens: readonly number[]; readonly score: number };

/** One prompt's beams. */
export class BeamSearch implements Search {
  #running: readonly Running[] = [{ tokens: [], score: 0 }]; // the likeliest first
  #finished: readonly Hypothesis[] = []; // the best first

  /**
   * @param begin The tokens that every sequence begins with.
   * @param limit The most new tokens.
   */
  constructor(
    private readonly begin: readonly number[],
    private readonly limit: number,
    private readonly stops: Stops,
    private readonly options: SettledOptions,
  ) {}

  advance(logits: readonly Float32Array[]): Continuation | null {
    const width = this.options.numBeams;
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
    return this.#finished.slice(0, this.options.numReturnSequences);
  }

  /** Return the likeliest continuations: for every beam one for each token that may end it, and one that goes on. */
  #candidates(logits: readonly Float32Array[]): { row: number; token: number; score: number }[] {
    const words = logits[0]?.length ?? 0;
    const scores = new Float64Array(logits.length * words);
    for (const [row, each] of logits.entries()) {
      const { tokens, score } = this.#running[row] as Running;
      const own = penalized(logSoftmax(each), [...this.begin, ...tokens], this.options);
      scores.set(
        own.map((logProbability) => logProbability + score),
        row * words,
      );
    }
    const most = Math.max(2, 1 + this.stops.lastTokens) * this.options.numBeams;
    return likeliest(scores, most).map((place) => ({
      row: Math.floor(place / words),
      token: place % words,
      score: scores[place] as number,
    }));
  }

  #finish(tokens: readonly number[], score: number, stopLength: number): void {
    const ranked = normalized(score, tokens.length, this.options);
    const hypothesis = { tokens: tokens.slice(0, tokens.length - stopLength), score: ranked };
    this.#finished = [...this.#finished, hypothesis] // of a tie the older first
      .sort((a, b) => (a.score === b.score ? 0 : b.score - a.score))
      .slice(0, this.options.numBeams);
  }

  /** Say whether the search ends, given its best running sequence. */
  #isDone({ tokens, score }: Running): boolean {
    const worst = this.#finished[this.options.numBeams - 1];
    return worst !== undefined && isBeyond(worst.score, score, tokens.length, this.limit, this.options);
  }
}
