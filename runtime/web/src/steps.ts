/** The steps of a tokenizer.json, and how much longer they make a text. */

import { LIMITS } from './limits.js';

/** A normalizer, a pre-tokenizer or a decoder. */
export type Step = {
  readonly type: string;
  readonly normalizers?: readonly Step[];
  readonly pretokenizers?: readonly Step[];
  readonly decoders?: readonly Step[];
  readonly pattern?: { readonly String?: string; readonly Regex?: string };
  readonly content?: string;
  readonly prepend?: string;
  readonly suffix?: string;
  readonly word_delimiter_token?: string;
  readonly lowercase?: boolean;
  readonly strip_accents?: boolean | null;
  readonly handle_chinese_chars?: boolean;
  readonly precompiled_charsmap?: string | null;
};

/** Bytes of one at most, in UTF-8: of U+1D1C0, U+FDFA and U+023E. */
const FORMS: Readonly<Record<string, number>> = {
  ...{ NFC: 3, NFD: 3, BertNormalizer: 3 },
  ...{ NFKC: 11, NFKD: 11 },
  Lowercase: 1.5,
  ByteLevel: 2,
};

/** Return the steps of a part, those of sequences one by one. */
export function stepsOf(part: Step | null | undefined): readonly Step[] {
  if (!part) return [];
  if (part.type !== 'Sequence') return [part];
  return [...(part.normalizers ?? part.pretokenizers ?? part.decoders ?? [])].flatMap(stepsOf);
}

/** How many bytes steps make of one at most: the last of them, which takes memory, and all together, which takes time. */
export type Growth = { readonly last: number; readonly all: number };

/** Return what is made of one byte at most before a text is cut into tokens: each step works on what the one before it made. */
export function growthOf(steps: readonly Step[]): Growth {
  let [last, all] = [1, 0];
  for (const step of steps) {
    last *= (FORMS[step.type] ?? 1) * growthBy(step);
    all += last;
  }
  return { last, all: Math.max(1, all) };
}

/** Return the bytes of the longest text that may go through steps. */
export const longestOf = ({ last, all }: Growth): number =>
  Math.floor(Math.min(LIMITS.normalized / last, LIMITS.stepped / all));

/** Return how many bytes steps make of one at most when tokens become text. */
export const decodedGrowthOf = (steps: readonly Step[]): number =>
  steps.reduce((growth, step) => growth * growthBy(step), 1);

function growthBy({ type, pattern, content = '', prepend = '', suffix, word_delimiter_token }: Step): number {
  const [made, replaced] = [size(content), size(pattern?.String ?? '')];
  if (type === 'Replace') return replaced ? Math.max(1, made / replaced) : 1 + made; // an expression may match nothing
  if (type === 'Prepend') return 1 + size(prepend);
  const isBlank = (type === 'BPEDecoder' && suffix === '') || (type === 'CTC' && word_delimiter_token === '');
  return isBlank ? Number.POSITIVE_INFINITY : 1; // a blank between any two characters, again and again
}

/** Return how many bytes a text has in UTF-8. */
export const size = (text: string): number => new TextEncoder().encode(text).length;
