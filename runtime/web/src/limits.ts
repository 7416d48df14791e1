/** What a bundle may ask for, and an input may have, at most: the table in runtime/README.md. */

import { BundleError, InputError } from './errors.js';

export const LIMITS = {
  /** Of an image, and of it in the width that it is made first. */
  pixels: 2 ** 25,
  /** Of a text in UTF-8. */
  textBytes: 2 ** 20,
  /** Bytes that a tokenizer may make of a text. */
  normalized: 2 ** 23,
  /** Bytes that all of its steps together may make of a text. */
  stepped: 2 ** 25,
  /** And of one of its bytes. */
  growth: 2 ** 13,
  /** Bytes that a tokenizer may make of one, decoding. */
  decoded: 16,
  /** Bytes of an added token, and of a token of a Unigram model: each place of a text is tried for it. */
  piece: 2 ** 8,
  /** Of a tokenizer: each reads all that the one before it made. */
  steps: 2 ** 6,
  /** Samples a second. */
  rate: 2 ** 20,
  /** Of a sound's input, in all its channels. */
  samples: 2 ** 24,
  /** Samples of a log-mel frame. */
  frame: 2 ** 15,
  /** Log-mel frames that look at a sample. */
  frames: 2 ** 6,
  /** Of a log-mel frame. */
  bands: 2 ** 9,
  /** Samples from the beginning of a log-mel token to its end. */
  token: 2 ** 22,
  /** Of a call, and bytes of its transcripts in UTF-8. */
  predictions: 2 ** 20,
  /** Bytes of a streaming step's inputs, states among them, and of its outputs. */
  step: 2 ** 27,
  /** Numbers pushed into a stream, and not answered yet. */
  waiting: 2 ** 24,
} as const;

/** Check a number of a call; throws InputError. */
export function checkInput(what: string, found: number, most: number, cure: string): void {
  if (found > most) throw new InputError(`${what}: ${found} found, at most ${most} expected; ${cure}`);
}

/** Check a number of a manifest; throws BundleError. */
export function checkBundle(key: string, found: number, most: number): void {
  if (found > most) throw new BundleError(`${key}: ${found} found, at most ${most} expected; export again`);
}
