/** One sequence's key-value cache. */

import type { Decoder } from './decoder.js';
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
