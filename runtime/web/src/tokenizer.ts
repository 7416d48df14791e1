/** A tokenizer.json, followed as Rust's tokenizers follows it. */

import { Tokenizer } from '@huggingface/tokenizers';
import { BundleError, reason } from './errors.js';

type Step = {
  readonly type: string;
  readonly normalizers?: readonly Step[];
  readonly lowercase?: boolean;
  readonly handle_chinese_chars?: boolean;
  readonly precompiled_charsmap?: string | null;
};

type Table = { readonly normalizer: Step | null; readonly model: { readonly unk_token?: string } };

// Ideographs of more than 16 bits, which the package overlooks; Rust's ranges.
const IDEOGRAPHS = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * Open a tokenizer.json.
 *
 * @throws BundleError where it is none, or has a step that cannot be followed to the bit.
 */
export function openTokenizer(file: string, content: Uint8Array): Tokenizer {
  try {
    const table = JSON.parse(new TextDecoder().decode(content)) as Table;
    const steps = stepsOf(table.normalizer);
    if (steps.some((step) => step.precompiled_charsmap)) throw new Error('the normalizer Precompiled is not known');
    const tokenizer = new Tokenizer(table, { unk_token: table.model.unk_token });
    const { normalizer } = tokenizer;
    if (normalizer) tokenizer.normalizer = ((text: string) => normalizer(repaired(text, steps))) as never;
    return tokenizer;
  } catch (error) {
    throw new BundleError(`${file}: no tokenizer that this runtime can follow (${reason(error)}); export again`);
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
