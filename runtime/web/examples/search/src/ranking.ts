/** Which paragraphs come nearest to what is looked for. */

import type { Sentence, Text } from './passages.js';

/** A paragraph, its nearest sentence, and how near it is: the cosine. */
export type Found = { readonly paragraph: string; readonly sentence: Sentence; readonly nearness: number };

const MOST = 6;

/** Rank paragraphs by their nearest sentence; vectors are of length 1. */
export function rank(text: Text, vectors: ReadonlyMap<string, Float32Array>, query: Float32Array): readonly Found[] {
  const best = new Map<number, Found>();
  for (const sentence of text.sentences) {
    const vector = vectors.get(sentence.text);
    if (!vector) continue;
    const nearness = vector.reduce((sum, value, i) => sum + value * (query[i] as number), 0);
    if (nearness <= (best.get(sentence.paragraph)?.nearness ?? -1)) continue;
    best.set(sentence.paragraph, { paragraph: text.paragraphs[sentence.paragraph] as string, sentence, nearness });
  }
  return [...best.values()].sort((a, b) => b.nearness - a.nearness).slice(0, MOST);
}
