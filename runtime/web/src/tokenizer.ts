/** A tokenizer.json, followed as Rust's tokenizers follows it. */

import { Tokenizer } from '@huggingface/tokenizers';
import { BundleError, owned } from './errors.js';
import { checkBundle, LIMITS } from './limits.js';
import { checkSpecialTokens, type PairTemplate, type PostProcessor, pairTemplate } from './pair-template.js';
import { isExponential } from './pattern.js';
import type { Notation, Section, Trace } from './spans.js';
import { decodedGrowthOf, growthOf, longestOf, type Step, size, stepsOf } from './steps.js';
import { type Scores, type Trie, unigram } from './unigram.js';
import { OLDER_MARKS, OLDER_SIGNS, StandIns, YOUNGER_FORMS, YOUNGER_SIGNS } from './younger.js';

type Table = {
  readonly normalizer?: Step | null;
  readonly pre_tokenizer?: Step | null;
  readonly post_processor?: PostProcessor | null;
  readonly decoder?: Step | null;
  readonly added_tokens?: readonly { readonly content: string }[];
  readonly model: {
    readonly type?: string;
    readonly unk_token?: string;
    readonly vocab?: unknown;
    readonly continuing_subword_prefix?: string | null;
    readonly end_of_word_suffix?: string | null;
  };
};

// Ideographs of more than 16 bits, which the package overlooks; Rust's ranges.
const IDEOGRAPHS = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/** A tokenizer, how many bytes a text of its may have, and how it puts two together, where it was opened for pairs. */
export type OpenTokenizer = {
  readonly tokenizer: Tokenizer;
  readonly longest: number;
  readonly template: PairTemplate | undefined;
  readonly notation: Notation;
  /** Returns what it makes of a text. */
  trace(text: string): Trace;
};

/**
 * Open a tokenizer.json.
 *
 * @throws BundleError where it is none, has a step that cannot be followed to the bit, or is beyond a limit.
 */
export function openTokenizer(file: string, content: Uint8Array, pairs: boolean): OpenTokenizer {
  try {
    const table = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)) as Table;
    const [steps, decoding] = [[...stepsOf(table.normalizer), ...stepsOf(table.pre_tokenizer)], stepsOf(table.decoder)];
    checkBundle(`${file}: steps of the tokenizer`, steps.length + decoding.length, LIMITS.steps);
    const growth = growthOf(steps);
    checkBundle(`${file}: bytes that the steps of the tokenizer make of one`, Math.ceil(growth.all), LIMITS.growth);
    checkBundle(`${file}: bytes that its decoder makes of one`, decodedGrowthOf(decoding), LIMITS.decoded);
    for (const piece of piecesOf(table))
      if (piece.length > LIMITS.piece / 3) checkBundle(`${file}: bytes of a token`, size(piece), LIMITS.piece);
    if ([...steps, ...decoding].some(({ pattern }) => isExponential(pattern?.Regex ?? '')))
      throw new Error('a regular expression that repeats what repeats is not followed here');
    if (steps.some((step) => step.precompiled_charsmap)) throw new Error('the normalizer Precompiled is not known');
    checkSpecialTokens(table.post_processor);
    const tokenizer = new Tokenizer(table, { unk_token: table.model.unk_token });
    correct(tokenizer, steps);
    const model = tokenizer.model as unknown as { trie: Trie; tokenize?(piece: string): string[] };
    if (table.model.type === 'Unigram') model.tokenize = unigram(table.model.vocab as Scores, model.trie);
    const normalize = tokenizer.normalizer as unknown as (text: string) => string;
    const trace = traced(tokenizer);
    const template = pairs ? pairTemplate(table.post_processor) : undefined;
    const notation = {
      prefix: table.model.continuing_subword_prefix ?? '',
      suffix: table.model.end_of_word_suffix ?? '',
      added: new Set((table.added_tokens ?? []).map(({ content }) => content)),
      inBytes: steps.some(({ type }) => type === 'ByteLevel'),
      joinsBytes: table.model.type === 'Unigram',
      marksBlanks: JSON.stringify([table.normalizer, table.pre_tokenizer]).includes('\u2581'),
      normalize,
    };
    return { tokenizer, longest: longestOf(growth), template, notation, trace };
  } catch (error) {
    throw owned(BundleError, `${file}: no tokenizer that this runtime can follow; export again`, error);
  }
}

/** Return what follows a tokenizer through a text. */
function traced(tokenizer: Tokenizer): (text: string) => Trace {
  let sections: Section[] | undefined; // none where nobody asks
  const normalize = tokenizer.normalizer as unknown as (text: string) => string;
  tokenizer.normalizer = ((text: string): string => {
    sections?.push({ text, pieces: [] });
    return normalize(text);
  }) as never;
  const model = tokenizer.model as unknown as (pieces: readonly string[]) => string[];
  tokenizer.model = new Proxy(model, {
    apply: (cut, _, [pieces]: [readonly string[]]): string[] =>
      pieces.flatMap((text) => {
        const tokens = cut([text]);
        sections?.at(-1)?.pieces.push({ text, tokens });
        return tokens;
      }),
  }) as never;
  return (text) => {
    const heard: Section[] = [];
    sections = heard;
    try {
      const { tokens } = tokenizer.encode(text, { add_special_tokens: false }) as unknown as { tokens: string[] };
      return { tokens, sections: heard };
    } finally {
      sections = undefined;
    }
  };
}

/** Return the tokens that are looked for at each place of a text. */
function piecesOf({ added_tokens, model }: Table): readonly string[] {
  const scored = model.type === 'Unigram' ? (model.vocab as Scores) : [];
  return [...(added_tokens ?? []).map(({ content }) => content), ...scored.map(([token]) => token)];
}

/** Have the package's steps make of a text what Rust's do. */
function correct(tokenizer: Tokenizer, steps: readonly Step[]): void {
  const { normalizer, pre_tokenizer: cut } = tokenizer;
  const standIns = new StandIns([
    ...(steps.some(({ type }) => type.startsWith('Bert')) ? [YOUNGER_SIGNS] : []),
    ...(steps.some(({ type }) => /^NFK[CD]$/.test(type)) ? [YOUNGER_FORMS] : []),
  ]);
  tokenizer.normalizer = ((text: string): string => {
    const repair = standIns.put(repaired(text, steps));
    return normalizer ? normalizer(repair) : repair;
  }) as never;
  tokenizer.pre_tokenizer = ((text: string, options: never): string[] =>
    (cut ? cut(text, options) : [text]).map((part) => standIns.restore(part))) as never;
}

/** Write a text so that the package's normalizer makes of it what Rust's does. */
function repaired(text: string, steps: readonly Step[]): string {
  const lowers = steps.some(({ type, lowercase }) => type === 'Lowercase' || lowercase);
  const parts = steps.some((step) => step.handle_chinese_chars);
  const sigmas = lowers ? text.replaceAll('Σ', 'σ') : text; // in JavaScript the last one of a word becomes ς
  const ideographs = parts ? sigmas.replace(IDEOGRAPHS, ' $& ') : sigmas;
  if (!steps.some(({ type }) => type.startsWith('Bert'))) return ideographs;
  const strips = steps.some(({ lowercase, strip_accents }) => strip_accents ?? lowercase);
  const signs = ideographs.replace(OLDER_SIGNS, ' $& ');
  return strips ? signs.replace(OLDER_MARKS, '') : signs;
}
