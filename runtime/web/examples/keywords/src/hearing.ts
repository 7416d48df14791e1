/** Which words a window that moves hears: the rule of models/keywords. */

import type { ScoredLabel } from 'edgeattn-web';

const CERTAIN = 0.5; // of a word, the mean of two answers in a row
const SILENT = ['another word', 'no word'];

/** A word, and the second in which it ended. */
export type Word = { readonly name: string; readonly second: number };

export class Hearing {
  #before: ReadonlyMap<string, number> | undefined;
  #last: Word | undefined;

  /** Take the labels of a window that ended in a second: how likely each word is, and the one that is heard. */
  take(
    labels: readonly ScoredLabel[],
    second: number,
  ): { readonly odds: ReadonlyMap<string, number>; readonly word?: Word } {
    const now = likelihoods(labels);
    const mean = ([name, share]: [string, number]): [string, number] => [
      name,
      (share + (this.#before?.get(name) ?? share)) / 2,
    ];
    const odds = new Map([...now].map(mean));
    this.#before = now;
    const [name = '', share = 0] = [...odds].reduce((best, each) => (each[1] > best[1] ? each : best));
    const again = this.#last && second - this.#last.second <= 1; // the window still holds the word before
    if (SILENT.includes(name) || share < CERTAIN || again) return { odds };
    this.#last = { name, second };
    return { odds, word: this.#last };
  }
}

/** Return how likely each label is: the softmax of their values. */
function likelihoods(labels: readonly ScoredLabel[]): ReadonlyMap<string, number> {
  const largest = Math.max(...labels.map(({ value }) => value));
  const masses = labels.map(({ value }) => Math.exp(value - largest));
  const whole = masses.reduce((sum, mass) => sum + mass, 0);
  return new Map(labels.map(({ name }, i) => [name, (masses[i] as number) / whole]));
}
