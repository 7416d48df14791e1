/** Text by a tokenizer.json: texts to token ids, and token ids to text. */

import { Tokenizer } from '@huggingface/tokenizers';
import { BundleError, InputError, reason } from './errors.js';
import type { Dtype, TextProcessing } from './manifest.js';
import { type Tensor, type Tensors, tensor } from './tensor.js';

type Encoded = { readonly ids: readonly number[]; readonly types: readonly number[] };

export class TextPreparation {
  readonly #tokenizer: Tokenizer;

  /** @param content The bundle's tokenizer.json; throws BundleError where it is none that can be followed. */
  constructor(
    private readonly processing: TextProcessing,
    content: Uint8Array,
  ) {
    try {
      this.#tokenizer = new Tokenizer(JSON.parse(new TextDecoder().decode(content)), {});
    } catch (error) {
      throw new BundleError(
        `${processing.tokenizer}: no tokenizer that this runtime can follow (${reason(error)}); export again`,
      );
    }
  }

  /** Make inputs of texts, a row each, in the dtypes of the graph's inputs. */
  prepare(texts: readonly string[], dtypeOf: (input: string) => Dtype): Tensors {
    const { ids, mask, types } = this.processing;
    const rows = texts.map((text) => this.#encoded(text));
    const lengths = rows.map((row) => row.ids.length);
    const longest = Math.max(...lengths);
    if (mask === null && lengths.some((length) => length !== longest)) {
      throw new InputError(
        `texts of ${lengths.join(', ')} tokens found, equally many expected: the model takes no mask; give them one by one`,
      );
    }
    const filled = (input: string, numbers: (row: Encoded) => readonly number[]): [string, Tensor] => {
      const padded = rows.flatMap((row) => [...numbers(row), ...new Array<number>(longest - row.ids.length).fill(0)]);
      return [input, tensor(dtypeOf(input), [rows.length, longest], padded)];
    };
    return Object.fromEntries([
      filled(ids, (row) => row.ids),
      ...(mask === null ? [] : [filled(mask, (row) => row.ids.map(() => 1))]),
      ...(types === null ? [] : [filled(types, (row) => row.types)]),
    ]);
  }

  /** Return the text of token ids, without special tokens. */
  decode(ids: readonly number[]): string {
    if (ids.length === 0) return '';
    return this.#tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  }

  #encoded(text: string): Encoded {
    if (typeof text !== 'string' || !text.isWellFormed())
      throw new InputError('text: a lone surrogate found, valid Unicode expected');
    const { ids } = this.#tokenizer.encode(text, { add_special_tokens: false });
    const most = this.processing.longest ?? Number.POSITIVE_INFINITY;
    const whole = this.#withSpecials(ids);
    const kept = ids.length + most - whole.ids.length;
    if (kept >= ids.length) return nonEmpty(whole);
    if (kept < 1)
      throw new InputError(
        `text: a longest of ${most} leaves no room for a token of it; export the model with a longer one`,
      );
    console.warn(`text: ${whole.ids.length} tokens found, the first ${most} kept`);
    return nonEmpty(this.#withSpecials(ids.slice(0, kept)));
  }

  /** Add what the tokenizer's post-processor adds; it is given places, so that what it adds is told from tokens of the text. */
  #withSpecials(ids: readonly number[]): Encoded {
    const places = ids.map((_, i) => `\0${i}`);
    const { tokens, token_type_ids } = this.#tokenizer.post_processor?.(places, null, true) ?? { tokens: places };
    const found = tokens.map((token: string) =>
      token.startsWith('\0') ? ids[Number(token.slice(1))] : this.#tokenizer.token_to_id(token),
    );
    return { ids: found as number[], types: token_type_ids ?? found.map(() => 0) };
  }
}

function nonEmpty(row: Encoded): Encoded {
  if (row.ids.length === 0)
    throw new InputError('text: no token found, at least 1 expected; give a text that is not empty');
  return row;
}
