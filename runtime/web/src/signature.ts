/** A manifest's signature: Ed25519 over its bytes, by a key that the app was built to trust. */

import { BundleError, IncompatibleRuntimeError, InputError, reason } from './errors.js';
import type { Content } from './source.js';

const KEY = /^[0-9a-f]{64}$/;

/** Return keys as they were given; throws InputError where they are none. */
export function checkKeys(keys: readonly string[]): readonly string[] {
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every((key) => typeof key === 'string' && KEY.test(key)))
    throw new InputError('trustedKeys: a list of Ed25519 keys expected, each 64 digits of lowercase hex');
  return keys;
}

/**
 * Return which of the trusted keys signed a manifest.
 *
 * @throws BundleError where none did; IncompatibleRuntimeError where this page cannot tell.
 */
export async function signerOf(
  name: string,
  manifest: Content,
  signature: Content,
  keys: readonly string[],
): Promise<string> {
  const crypto = globalThis.crypto?.subtle;
  if (!crypto) throw new IncompatibleRuntimeError(`${name}: signatures are verified by https alone; serve it so`);
  for (const key of keys) {
    const bytes = Uint8Array.from(key.match(/../g) as string[], (digits) => Number.parseInt(digits, 16));
    const imported = await crypto.importKey('raw', bytes, 'Ed25519', false, ['verify']).catch((error: unknown) => {
      throw new IncompatibleRuntimeError(`${name}: Ed25519 is not known here (${reason(error)}); upgrade the browser`);
    });
    if (await crypto.verify('Ed25519', imported, signature, manifest)) return key;
  }
  throw new BundleError(`${name}: no signature by a trusted key found, one expected; get the bundle from its maker`);
}
