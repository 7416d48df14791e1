/** Prompts: the token ids, counts and tensors that a caller hands over, checked before a graph sees them. */

import { checkInputs, checkTokenIds } from './contract.js';
import { InputError } from './errors.js';
import { type Graph, type Manifest, written } from './manifest.js';
import { type Tensors, tensor } from './tensor.js';

/** Token ids: a list, an array such as a tensor's data, a set. */
export type Tokens = Iterable<number | bigint>;

/**
 * What is continued: a text, where the bundle has a tokenizer; token ids, at least one; or, of an encoder-decoder, its
 * sources by name, with a batch of 1.
 */
export type Prompt = string | Tokens | Tensors;

/** Say whether a prompt is tensors by name. */
export const isSources = (prompt: Prompt): prompt is Tensors =>
  typeof prompt === 'object' && prompt !== null && !(Symbol.iterator in prompt);

/**
 * Return token ids as a list.
 *
 * @param name What they are, for the message.
 * @param words They are below it.
 * @throws InputError where they are none, too few, or outside the vocabulary.
 */
export function readTokens(name: string, ids: unknown, words: number, least: number): readonly number[] {
  if (typeof ids === 'string' || !(Symbol.iterator in Object(ids)))
    throw new InputError(`${name}: ${typeof ids} found, token ids expected, such as [1, 2, 3]`);
  const tokens = Array.from(ids as Iterable<unknown>, (id) => (typeof id === 'bigint' ? Number(id) : id));
  if (tokens.length < least) throw new InputError(`${name}: no token found, at least ${least} expected`);
  for (const token of tokens)
    if (!(Number.isInteger(token) && (token as number) >= 0 && (token as number) < words))
      throw new InputError(`${name}: token ${String(token)} found, 0 to ${words - 1} expected; check the tokenizer`);
  return tokens as readonly number[];
}

/** Return an integer within bounds; throws InputError where it is something else. */
export function readCount(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const expected = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `${least} to ${most}`;
  throw new InputError(`${name}: ${String(value)} found, an integer of ${expected} expected`);
}

/**
 * Return an encoder's inputs, and the sizes of their symbols.
 *
 * @param prompt Tensors by name; or token ids, where its only input is integers [batch, source].
 * @throws InputError where they do not keep its contract.
 */
export function readSources(
  manifest: Manifest,
  name: string,
  prompt: Prompt,
  { inputs }: Graph,
): { readonly sources: Tensors; readonly sizes: Readonly<Record<string, number>> } {
  const sources = isSources(prompt) ? prompt : sourceOf(name, prompt, inputs);
  const sizes = checkInputs(inputs, manifest.symbols, sources);
  checkTokenIds(manifest, sources);
  return { sources, sizes };
}

/** Return token ids as the only input of an encoder; its vocabulary may be another, and the manifest does not tell it. */
function sourceOf(name: string, prompt: string | Tokens, inputs: Graph['inputs']): Tensors {
  const [spec, ...others] = inputs;
  if (!spec || others.length || !spec.dtype.includes('int') || spec.dims.length !== 2) {
    const expected = inputs.map(written).join(', ');
    throw new InputError(`${name}: token ids found, tensors by name expected by the encoder: ${expected}`);
  }
  const ids = readTokens(name, prompt, Number.MAX_SAFE_INTEGER, 1);
  return { [spec.name]: tensor(spec.dtype, [1, ids.length], ids) };
}
