/** How the next token is chosen: repetition penalty, then greedily or by temperature, top-k and top-p. */

import type { SettledOptions } from './generation-options.js';

/** Gives numbers from 0 to below 1. */
export type Random = () => number;

type Scores = Float32Array | Float64Array;

/** Return the next token by its logits, penalized, the largest of which is finite. */
export function choose(
  logits: Float32Array,
  { temperature, topK = logits.length, topP }: SettledOptions,
  random: Random,
): number {
  if (temperature === 0)
    return logits.reduce((best, logit, token) => (logit > (logits[best] as number) ? token : best), 0);
  const ranked = likeliest(logits, topK); // Fan et al. 2018, section 5.4
  const first = logits[ranked[0] as number] as number;
  const masses = shares(ranked.map((token) => Math.exp(((logits[token] as number) - first) / temperature)));
  const held = cumulated(masses);
  // The nucleus: Holtzman et al. 2020, section 3.1.
  const kept = topP === undefined ? masses.length : places(held, (mass) => mass < topP) + 1;
  const drawable = cumulated(shares(masses.slice(0, kept)));
  const drawn = random() * (drawable.at(-1) as number);
  return ranked[places(drawable, (mass) => mass <= drawn)] as number;
}

/** Return the places of the largest numbers, the largest first and of a tie the first. */
export function likeliest(scores: Scores, most: number): number[] {
  const order = (a: number, b: number): number => (scores[b] as number) - (scores[a] as number) || a - b;
  const least =
    most < scores.length ? (scores.slice().sort()[scores.length - most] as number) : Number.NEGATIVE_INFINITY;
  const above: number[] = []; // a tie at the end may bring more than asked for
  for (let place = 0; place < scores.length; place++) if ((scores[place] as number) >= least) above.push(place);
  return above.sort(order).slice(0, most);
}

/** Return log-probabilities of logits whose largest is finite. */
export function logSoftmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const shifted = Float64Array.from(logits, (logit) => Math.fround(logit - largest));
  const total = shifted.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return shifted.map((logit) => logit - Math.log(total));
}

/**
 * Return scores in which tokens that came before are less likely, as often as they were (Keskar et al. 2019, section
 * 4.1): a negative one is multiplied by the penalty, any other divided by it.
 */
export function penalized<T extends Scores>(scores: T, tokens: Iterable<number>, options: SettledOptions): T {
  const penalty = options.repetitionPenalty;
  if (penalty === 1) return scores;
  const changed = scores.slice() as T;
  const factor = scores instanceof Float32Array ? Math.fround(penalty) : penalty;
  for (const token of new Set(tokens)) {
    const score = scores[token] as number;
    changed[token] = score < 0 ? score * factor : score / factor;
  }
  return changed;
}

function shares(masses: readonly number[]): number[] {
  const whole = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / whole);
}

function cumulated(masses: readonly number[]): number[] {
  let held = 0;
  return masses.map((mass) => {
    held += mass;
    return held;
  });
}

/** Return how many of the first numbers are as they must be. */
function places(numbers: readonly number[], are: (number: number) => boolean): number {
  const end = numbers.findIndex((number) => !are(number));
  return end < 0 ? numbers.length : end;
}
