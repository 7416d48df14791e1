/** Texts to token ids, and token ids to text. */

import type { Tokenizer } from '@huggingface/tokenizers';
import { BundleError, InputError, refusing } from './errors.js';
import { checkInput, LIMITS } from './limits.js';
import type { Dtype, TextProcessing } from './manifest.js';
import { readTokens, type Tokens } from './prompt.js';
import { type Tensor, type Tensors, tensor } from './tensor.js';
import { type OpenTokenizer, openTokenizer } from './tokenizer.js';

type Encoded = { readonly ids: readonly number[]; readonly types: readonly number[] };

export class TextPreparation {
  #opened: OpenTokenizer | undefined;

  /** @param content The bundle's tokenizer.json: read where it is needed first. */
  constructor(
    private readonly processing: TextProcessing,
    private readonly content: Uint8Array,
  ) {}

  /** Make inputs of texts, a row each, in the dtypes of the graph's inputs. */
  prepare(texts: readonly string[], dtypeOf: (input: string) => Dtype): Tensors {
    const { ids, mask, types } = this.processing;
    const rows = texts.map((text) => this.#encoded(text));
    const lengths = rows.map((row) => row.ids.length);
    const longest = Math.max(...lengths);
    if (mask === null && lengths.some((length) => length !== longest)) {
      const found = `texts of ${Math.min(...lengths)} to ${longest} tokens found`;
      throw new InputError(`${found}, as many in each expected: the model has no mask; prepare them one by one`);
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
  decode(ids: Tokens): string {
    const tokens = readTokens('tokens', ids, Number.MAX_SAFE_INTEGER, 0);
    const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
    const decoded = (): string => this.#tokenizer.decode([...tokens], options);
    return tokens.length === 0 ? '' : refusing(InputError, 'tokens: no text can be made of them', decoded);
  }

  get #open(): OpenTokenizer {
    this.#opened ??= openTokenizer(this.processing.tokenizer, this.content);
    return this.#opened;
  }

  get #tokenizer(): Tokenizer {
    return this.#open.tokenizer;
  }

  #encoded(text: string): Encoded {
    if (typeof text !== 'string') throw new InputError(`text: ${typeof text} found, a string expected`);
    if (!text.isWellFormed()) throw new InputError('text: a lone surrogate found, valid Unicode expected');
    const bytes = new TextEncoder().encode(text).length;
    checkInput('text: bytes', bytes, LIMITS.textBytes, 'give a part of it');
    checkInput('text: bytes', bytes, this.#open.longest, 'give a part of it');
    const ids = this.#ids(text);
    const whole = this.#withSpecials(ids);
    if (whole.ids.length === 0) throw new InputError('text: no token found, at least one expected; give another');
    const most = this.processing.longest ?? Number.POSITIVE_INFINITY;
    if (whole.ids.length <= most) return whole;
    console.warn(`text: ${whole.ids.length} tokens found, at most ${most} taken; the rest is cut`);
    return this.#withSpecials(ids.slice(0, most - whole.ids.length)); // from the end
  }

  #ids(text: string): readonly number[] {
    const tokenizer = this.#tokenizer;
    const special = this.#withSpecials([]).ids.length;
    if (special >= (this.processing.longest ?? Number.POSITIVE_INFINITY)) {
      throw new BundleError(`processing.text.longest: more than the ${special} special tokens expected; export again`);
    }
    const encoded = (): readonly number[] => tokenizer.encode(text, { add_special_tokens: false }).ids;
    const ids = refusing(InputError, 'text: it cannot be tokenized; give another', encoded);
    if (ids.includes(undefined as never))
      throw new InputError('text: a word that the tokenizer has no token for; give another');
    return ids;
  }

  /** Add special tokens. The post-processor is given places, so that what it adds is told from the text's own. */
  #withSpecials(ids: readonly number[]): Encoded {
    const places = ids.map((_, i) => `\0${i}`);
    const tokenizer = this.#tokenizer;
    const found = `${this.processing.tokenizer}: special tokens that cannot be added; export again`;
    return refusing(BundleError, found, () => {
      const { tokens, token_type_ids } = tokenizer.post_processor?.(places, null, true) ?? { tokens: places };
      // The package hands on what the file holds: `startsWith` throws where a token is no text.
      const id = (token: string): number | undefined =>
        token.startsWith('\0') ? ids[Number(token.slice(1))] : tokenizer.token_to_id(token);
      const all = tokens.map(id);
      if (all.includes(undefined)) throw new Error(`${tokens[all.indexOf(undefined)]} is in no vocabulary`);
      return { ids: all as number[], types: token_type_ids ?? tokens.map(() => 0) };
    });
  }
}
