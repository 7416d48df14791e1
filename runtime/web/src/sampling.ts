/** How the next token is chosen: greedily, or drawn with temperature, top-k and top-p, in this order. */

import { InputError } from './errors.js';

export type Sampling = {
  /** 0 is greedy: the likeliest token, of a tie the lowest. Above, tokens are drawn. */
  readonly temperature?: number;
  /** Draw from this many of the likeliest tokens. */
  readonly topK?: number;
  /** Draw from the fewest of the likeliest tokens that hold this share of 1. */
  readonly topP?: number;
  /** Gives numbers from 0 to below 1; left out, Math.random. */
  readonly random?: () => number;
};

/** Check what is asked for; throws InputError. */
export function checkSampling({ temperature = 0, topK = 1, topP = 1 }: Sampling): void {
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new InputError(`temperature: ${temperature} found, a finite number of at least 0 expected`);
  if (!(Number.isInteger(topK) && topK >= 1))
    throw new InputError(`topK: ${topK} found, an integer of at least 1 expected`);
  if (!(topP > 0 && topP <= 1)) throw new InputError(`topP: ${topP} found, above 0 and at most 1 expected`);
}

/** Return the next token by its logits, the largest of which is finite. */
export function choose(
  logits: Float32Array,
  { temperature = 0, topK = logits.length, topP = 1, random = Math.random }: Sampling,
): number {
  if (temperature === 0)
    return logits.reduce((best, logit, token) => (logit > (logits[best] as number) ? token : best), 0);
  const ranked = Array.from(logits, (logit, token) => ({ logit, token }))
    .sort((a, b) => b.logit - a.logit)
    .slice(0, topK);
  const masses = ranked.map(({ logit }) => Math.exp((logit - (ranked[0]?.logit ?? 0)) / temperature));
  const whole = masses.reduce((sum, mass) => sum + mass, 0);
  const cumulated: number[] = [];
  for (const mass of masses) {
    if ((cumulated.at(-1) ?? 0) >= topP * whole) break;
    cumulated.push((cumulated.at(-1) ?? 0) + mass);
  }
  const drawn = random() * (cumulated.at(-1) as number);
  return ranked[cumulated.findIndex((held) => held > drawn)]?.token as number;
}
