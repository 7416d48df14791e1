/** The key-value cache of one text, kept from call to call. */

import { CachedText } from './cached-text.js';
import { InputError } from './errors.js';
import type { Model } from './model.js';

/**
 * Keeps the cache of one text, such as a chat, for the next turn: a prompt that begins as what it holds is computed from
 * there on. It changes no answer but by the noise of int8, whose products may scale all tokens of a call together.
 */
export class GenerationSession {
  readonly text = new CachedText();

  /** @throws InputError where the bundle does not generate, or is an encoder-decoder. */
  constructor(readonly model: Model) {
    const { generation, name } = model.manifest;
    if (!generation)
      throw new InputError(`${name}: no generation in its manifest; export a decoder with a key-value cache`);
    if (generation.encoder !== undefined)
      throw new InputError('session: an encoder-decoder found, a decoder alone expected; its cache is of one source');
  }
}
