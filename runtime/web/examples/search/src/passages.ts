/** A text as paragraphs of sentences: a sentence is what is found, its paragraph what is shown. */

export type Sentence = { readonly text: string; readonly start: number; readonly paragraph: number };
export type Text = { readonly paragraphs: readonly string[]; readonly sentences: readonly Sentence[] };

const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
const WORDS = /\p{L}/u;

/** Take a text apart: paragraphs are set off by empty lines. */
export function split(text: string): Text {
  const paragraphs = text.split(/\n\s*\n/).map((each) => each.replace(/\s+/g, ' ').trim());
  const found = paragraphs.flatMap((paragraph, i) =>
    Array.from(sentences.segment(paragraph), ({ segment, index }) => ({
      text: segment.trim(),
      start: index,
      paragraph: i,
    })),
  );
  return { paragraphs, sentences: found.filter((sentence) => WORDS.test(sentence.text)) };
}
