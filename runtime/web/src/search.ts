/** Searches: how one prompt is continued, call by call, and the search of a single sequence. */

import type { SettledOptions } from './generation-options.js';
import { choose, logSoftmax, penalized, type Random } from './sampling.js';
import type { Stops } from './stops.js';

/** One way to continue a prompt. */
export type Hypothesis = {
  /** The new tokens, without what stopped it. */
  readonly tokens: readonly number[];
  /**
   * The sum of their log-probabilities, that of what stopped it included, over the number of these tokens to the power
   * of `lengthPenalty`.
   */
  readonly score: number;
};

/** What a search asks of the next call. */
export type Continuation = {
  /** From which of its rows each sequence goes on; one may be there several times. */
  readonly rows: readonly number[];
  /** What comes next in each. */
  readonly tokens: readonly number[];
};

/** Continues one prompt. It begins with one row, the prompt's, and may ask for several. */
export interface Search {
  /** Take the logits behind each of its rows; null where it has ended. */
  advance(logits: readonly Float32Array[]): Continuation | null;
  /** What it has found once it has ended, the best first. */
  readonly hypotheses: readonly Hypothesis[];
}

/** Return a sum of log-probabilities over its length to the power of a penalty (Wu et al. 2016). */
export const normalized = (total: number, length: number, { lengthPenalty }: SettledOptions): number =>
  total / length ** lengthPenalty;

/** Say whether a score is beyond beams of a length, at most `limit`, the best's log-probability given. */
export function isBeyond(score: number, best: number, length: number, limit: number, options: SettledOptions): boolean {
  const { earlyStopping, lengthPenalty } = options;
  if (earlyStopping === true) return true;
  const atAnyLength = earlyStopping === 'never' && lengthPenalty > 0;
  return normalized(best, atAnyLength ? limit : length, options) <= score;
}

/** One sequence, which grows by one token a call; without a score. */
export class SingleSearch {
  readonly generated: number[] = []; // with what stopped it
  #stopLength = 0; // how many of the tokens stopped it

  /**
   * @param begin The tokens that it begins with.
   * @param limit The most new tokens.
   */
  constructor(
    private readonly begin: readonly number[],
    private readonly limit: number,
    private readonly stops: Stops,
    protected readonly options: SettledOptions,
    private readonly random: Random,
  ) {}

  advance([logits]: readonly [Float32Array]): Continuation | null {
    const scores = penalized(logits, [...this.begin, ...this.generated], this.options);
    const token = choose(scores, this.options, this.random);
    this.record(token, scores);
    this.#stopLength = this.stops.stopLength(this.generated);
    return this.#finished ? null : { rows: [0], tokens: [token] };
  }

  /** The new tokens without those at the end that stopped it, or may yet turn out to. */
  get settled(): readonly number[] {
    const withheld = this.#finished ? this.#stopLength : this.stops.partialLength(this.generated);
    return this.generated.slice(0, this.generated.length - withheld);
  }

  /** Append a token, chosen by these penalized logits. */
  protected record(token: number, _scores: Float32Array): void {
    this.generated.push(token);
  }

  get #finished(): boolean {
    return this.#stopLength > 0 || this.generated.length === this.limit;
  }
}

/** A single sequence with its score, which takes a pass over the vocabulary at each token. */
export class ScoredSearch extends SingleSearch implements Search {
  #score = 0;

  get hypotheses(): readonly Hypothesis[] {
    return [{ tokens: this.settled, score: normalized(this.#score, this.generated.length, this.options) }];
  }

  protected override record(token: number, scores: Float32Array): void {
    this.#score += logSoftmax(scores)[token] as number;
    super.record(token, scores);
  }
}
