/** The key-value cache of one text, kept from call to call. */

import type { Decoder } from './decoder.js';
import { InputError } from './errors.js';
import type { Model } from './model.js';
import type { Stepper } from './stepping.js';
import type { Tensors } from './tensor.js';

/** A sequence whose keys and values are computed once, as long as it goes on as it began. */
export class CachedText {
  #held: readonly number[] = []; // the tokens in the cache
  #stepper: Stepper | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Return the logits behind a sequence, of which it computes what it does not hold; one call after the other.
   *
   * @param carried What the encoder gave; nothing of a decoder alone.
   */
  logits(decoder: Decoder, carried: Tensors, sequence: readonly number[]): Promise<Float32Array> {
    const logits = this.#last.then(() => this.#step(decoder, carried, sequence));
    this.#last = logits.catch(() => {});
    return logits;
  }

  async #step(decoder: Decoder, carried: Tensors, sequence: readonly number[]): Promise<Float32Array> {
    const stepper = this.#stepper ?? decoder.stepper([carried]);
    this.#stepper = stepper;
    const differs = sequence.findIndex((token, i) => token !== this.#held[i]);
    // The logits behind the last token are not kept: it is computed in any case.
    const kept = differs < 0 ? sequence.length - 1 : differs;
    this.#held = sequence.slice(0, kept);
    stepper.rewind(kept);
    const [logits] = await decoder.next(stepper, [sequence.slice(kept)]);
    this.#held = sequence;
    return logits as Float32Array;
  }
}

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
