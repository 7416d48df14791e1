/** A tokenizer.json, followed as Rust's tokenizers follows it. */

import { Tokenizer } from '@huggingface/tokenizers';
import { BundleError, owned } from './errors.js';
import { checkBundle, LIMITS } from './limits.js';

/** A normalizer or a decoder. */
type Step = {
  readonly type: string;
  readonly normalizers?: readonly Step[];
  readonly decoders?: readonly Step[];
  readonly pattern?: { readonly String?: string };
  readonly content?: string;
  readonly lowercase?: boolean;
  readonly handle_chinese_chars?: boolean;
  readonly precompiled_charsmap?: string | null;
};

type Table = {
  readonly normalizer?: Step | null;
  readonly decoder?: Step | null;
  readonly model: { readonly unk_token?: string };
};

// Ideographs of more than 16 bits, which the package overlooks; Rust's ranges.
const IDEOGRAPHS = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/** A tokenizer, and how many characters its normalizer makes of one at most. */
export type OpenTokenizer = { readonly tokenizer: Tokenizer; readonly growth: number };

/**
 * Open a tokenizer.json.
 *
 * @throws BundleError where it is none, has a step that cannot be followed to the bit, or decodes to too many characters.
 */
export function openTokenizer(file: string, content: Uint8Array): OpenTokenizer {
  try {
    const table = JSON.parse(new TextDecoder().decode(content)) as Table;
    const steps = stepsOf(table.normalizer ?? null);
    if (steps.some((step) => step.precompiled_charsmap)) throw new Error('the normalizer Precompiled is not known');
    const tokenizer = new Tokenizer(table, { unk_token: table.model.unk_token });
    const { normalizer } = tokenizer;
    if (normalizer) tokenizer.normalizer = ((text: string) => normalizer(repaired(text, steps))) as never;
    checkBundle(`${file}: characters that its decoder makes of one`, growthOf(table.decoder ?? null), LIMITS.decoded);
    return { tokenizer, growth: growthOf(table.normalizer ?? null) };
  } catch (error) {
    throw owned(BundleError, `${file}: no tokenizer that this runtime can follow; export again`, error);
  }
}

/** Write a text so that the package's normalizer makes of it what Rust's does. */
function repaired(text: string, steps: readonly Step[]): string {
  const lowers = steps.some(({ type, lowercase }) => type === 'Lowercase' || lowercase);
  const parts = steps.some((step) => step.handle_chinese_chars);
  const sigmas = lowers ? text.replaceAll('Σ', 'σ') : text; // in JavaScript the last one of a word becomes ς
  return parts ? sigmas.replace(IDEOGRAPHS, ' $& ') : sigmas;
}

function stepsOf(step: Step | null): readonly Step[] {
  return step === null ? [] : [step, ...(step.normalizers ?? []).flatMap(stepsOf)];
}

/** Return how many characters become of one at most: each replacement of a sequence works in what the one before it made. */
function growthOf(step: Step | null): number {
  if (step?.type === 'Sequence')
    return [...(step.normalizers ?? step.decoders ?? [])].reduce((growth, each) => growth * growthOf(each), 1);
  if (step?.type !== 'Replace') return 1;
  const [length, replaced] = [[...(step.content ?? '')].length, [...(step.pattern?.String ?? '')].length];
  return replaced ? Math.max(1, length / replaced) : 1 + length; // an expression may match nothing
}
