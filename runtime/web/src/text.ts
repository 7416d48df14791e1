/** Texts to token ids, and token ids to text. */

import type { Tokenizer } from '@huggingface/tokenizers';
import type { Range } from './alignment.js';
import { BundleError, InputError, refusing } from './errors.js';
import { checkInput, LIMITS } from './limits.js';
import type { Dtype, TextProcessing } from './manifest.js';
import { kept, type PairTemplate } from './pair-template.js';
import { readTokens, type Tokens } from './prompt.js';
import { rangesOf } from './spans.js';
import { type Tensor, type Tensors, tensor } from './tensor.js';
import { type OpenTokenizer, openTokenizer } from './tokenizer.js';
import { type Worded, wordsOf } from './words.js';

type Encoded = {
  readonly ids: readonly number[];
  readonly types: readonly number[];
  /** Of which text each token is, 0 or 1; null of a special one. */
  readonly texts: readonly (number | null)[];
};

/** Where a token lies: of which text it is, 0 or 1, and its UTF-16 units there. */
export type Span = Range & { readonly text: number };

/** The tokens of a text, or of a pair: of which text each is, null of a special one, and where it lies. */
export type Placed = Pick<Encoded, 'texts'> & { readonly spans: readonly (Span | undefined)[] };

/** What belongs to a batch of texts: the second text of each, where the bundle takes pairs, and a prompt's name. */
export type TextOptions = { readonly pairs?: readonly string[] | undefined; readonly prompt?: string | undefined };

export class TextPreparation {
  #opened: OpenTokenizer | undefined;

  /** @param content The bundle's tokenizer.json: read where it is needed first. */
  constructor(
    private readonly processing: TextProcessing,
    private readonly content: Uint8Array,
  ) {}

  /** Make inputs of texts, a row each, in the dtypes of the graph's inputs. */
  prepare(texts: readonly string[], options: TextOptions, dtypeOf: (input: string) => Dtype): Tensors {
    const { ids, mask, types } = this.processing;
    const rows = this.#rows(texts, options);
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

  /**
   * Return where each token of a text, or of a pair, lies; undefined of a special one, and of one of blanks alone.
   *
   * A prompt is part of its text here.
   */
  spans(text: string, options: { readonly pair?: string; readonly prompt?: string } = {}): Placed['spans'] {
    return this.placed(text, options).spans;
  }

  /** Return of which text each token of a text, or of a pair, is, and where it lies, as `spans`. */
  placed(text: string, { pair, prompt }: { readonly pair?: string; readonly prompt?: string } = {}): Placed {
    const { texts } = this.#rows([text], { ...(pair !== undefined && { pairs: [pair] }), prompt })[0] as Encoded;
    const all = [this.#prompt(prompt) + text, ...(pair === undefined ? [] : [pair])].map((each) =>
      rangesOf(each, this.#open.trace(each), this.#open.notation),
    );
    const next = all.map(() => 0);
    const spans = texts.map((which) => {
      if (which === null) return undefined;
      const place = next[which] ?? 0;
      next[which] = place + 1;
      const range = all[which]?.[place];
      return range && { text: which, ...range };
    });
    return { texts, spans };
  }

  /** Return the words of a text behind its prompt, the manifest's default, and where each begins among the tokens of both. */
  worded(text: string): Worded {
    const { ids, texts } = this.#rows([text], {})[0] as Encoded;
    const own = ids.filter((_, i) => texts[i] === 0);
    const before = Math.max(texts.indexOf(0), 0);
    const prompt = this.#prompt(undefined);
    const words = wordsOf(prompt + text, own, (part) => this.#ids('text', part))
      .filter(({ end }) => end > prompt.length)
      .map((word) => ({ ...word, begin: Math.max(word.begin, prompt.length) }));
    return { text: prompt + text, words, before, tokens: ids.length };
  }

  /** Return the text of token ids, without special tokens. */
  decode(ids: Tokens): string {
    const tokens = readTokens('tokens', ids, Number.MAX_SAFE_INTEGER, 0);
    const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
    const decoded = (): string => this.#tokenizer.decode([...tokens], options);
    return tokens.length === 0 ? '' : refusing(InputError, 'tokens: no text can be made of them', decoded);
  }

  get #open(): OpenTokenizer {
    this.#opened ??= openTokenizer(this.processing.tokenizer, this.content, this.processing.pair !== undefined);
    return this.#opened;
  }

  get #tokenizer(): Tokenizer {
    return this.#open.tokenizer;
  }

  #rows(texts: readonly string[], { pairs, prompt }: TextOptions): readonly Encoded[] {
    const { template } = this.#open;
    if (!template && pairs) throw new InputError('pair: found, a single text expected by this model; leave it out');
    if (template && !pairs) throw new InputError('text: a single one found, a pair expected; give pair as well');
    if (pairs && pairs.length !== texts.length)
      throw new InputError(`pair: ${pairs.length} found, as many as the ${texts.length} texts expected`);
    const before = this.#prompt(prompt);
    return texts.map((text, i) => {
      const begun = typeof text === 'string' ? before + text : text;
      return template ? this.#pair(template, begun, pairs?.[i] as string) : this.#single(begun);
    });
  }

  /** Return what is put before a text: the prompt of a name, or the manifest's default. */
  #prompt(given: string | undefined): string {
    const { prompts = {}, default_prompt } = this.processing;
    const name = given ?? default_prompt ?? '';
    if (name === '') return '';
    if (Object.hasOwn(prompts, name)) return prompts[name] as string;
    const names = Object.keys(prompts);
    const expected = names.length ? `one of ${names.join(', ')}` : 'none';
    throw new InputError(`prompt: ${name} found, ${expected} expected`);
  }

  #pair(template: PairTemplate, text: string, pair: string): Encoded {
    const texts = [this.#ids('text', text), this.#ids('pair', pair)] as const;
    const [first, second] = [texts[0].length, texts[1].length];
    const { longest, pair: how } = this.processing;
    const added = template.length - texts.length;
    this.#checkRoom(added);
    const room = longest === null ? Number.POSITIVE_INFINITY : longest - added;
    const counts = kept(first, second, room, how?.truncation ?? 'longest_first');
    const whole = this.#filled(
      template,
      texts.map((ids, i) => ids.slice(0, counts[i])),
    );
    if (counts[0] + counts[1] < first + second) this.#warnCut(first + second + added);
    return whole;
  }

  #filled(template: PairTemplate, texts: readonly (readonly number[])[]): Encoded {
    const runs = template.map(({ text, id }) => (text === null ? [id] : (texts[text] as readonly number[])));
    const ids = runs.flat();
    if (ids.length === 0) throw new InputError('text: no token found, at least one expected; give another');
    const each = <Value>(of: (part: PairTemplate[number]) => Value): Value[] =>
      template.flatMap((part, i) => (runs[i] as readonly number[]).map(() => of(part)));
    return { ids, types: each(({ type }) => type), texts: each(({ text }) => text) };
  }

  #single(text: string): Encoded {
    const ids = this.#ids('text', text);
    this.#checkRoom(this.#withSpecials([]).ids.length);
    const whole = this.#withSpecials(ids);
    if (whole.ids.length === 0) throw new InputError('text: no token found, at least one expected; give another');
    const most = this.processing.longest ?? Number.POSITIVE_INFINITY;
    if (whole.ids.length <= most) return whole;
    this.#warnCut(whole.ids.length);
    return this.#withSpecials(ids.slice(0, most - whole.ids.length)); // from the end
  }

  #warnCut(found: number): void {
    console.warn(`text: ${found} tokens found, at most ${this.processing.longest} taken; the rest is cut`);
  }

  #checkRoom(special: number): void {
    if (special >= (this.processing.longest ?? Number.POSITIVE_INFINITY)) {
      throw new BundleError(`processing.text.longest: more than the ${special} special tokens expected; export again`);
    }
  }

  /** Return a text's own tokens. */
  #ids(name: string, text: string): readonly number[] {
    if (typeof text !== 'string') throw new InputError(`${name}: ${typeof text} found, a string expected`);
    if (!text.isWellFormed()) throw new InputError(`${name}: a lone surrogate found, valid Unicode expected`);
    const bytes = new TextEncoder().encode(text).length;
    checkInput(`${name}: bytes`, bytes, LIMITS.textBytes, 'give a part of it');
    checkInput(`${name}: bytes`, bytes, this.#open.longest, 'give a part of it');
    const encoded = (): readonly number[] => this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
    const ids = refusing(InputError, `${name}: it cannot be tokenized; give another`, encoded);
    if (ids.includes(undefined as never))
      throw new InputError(`${name}: a word that the tokenizer has no token for; give another`);
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
      const texts = tokens.map((token) => (token.startsWith('\0') ? 0 : null));
      return { ids: all as number[], types: token_type_ids ?? tokens.map(() => 0), texts };
    });
  }
}
