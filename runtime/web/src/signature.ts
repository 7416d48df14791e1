/** Verifies signatures: Ed25519 of WebCrypto, over the bytes of manifest.json, which hold every file's hash. */

import { IncompatibleRuntimeError, InputError, reason } from './errors.js';
import type { Content } from './source.js';

const KEY = /^[0-9a-f]{64}$/;

/** Return keys that a caller trusts; no key must not mean all of them. */
export function checkedKeys(keys: readonly string[]): readonly string[] {
  if (!Array.isArray(keys) || keys.length === 0)
    throw new InputError('trustedKeys: no key found, at least one expected; leave it out to verify nothing');
  for (const key of keys)
    if (typeof key !== 'string' || !KEY.test(key))
      throw new InputError(
        `trustedKeys: ${JSON.stringify(key)} found, 64 lowercase hex digits of a public key expected`,
      );
  return keys;
}

/**
 * Return the first of these keys that made a signature of 64 bytes over a message.
 *
 * @throws IncompatibleRuntimeError where this platform has no Ed25519.
 */
export async function signerOf(
  message: Content,
  signature: Content,
  keys: readonly string[],
): Promise<string | undefined> {
  for (const key of keys) if (await verified(message, signature, key)) return key;
  return undefined;
}

async function verified(message: Content, signature: Content, key: string): Promise<boolean> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) throw lacking('no WebCrypto, which a page has on https and localhost alone');
  const bytes = Uint8Array.from(key.match(/../g) as string[], (pair) => Number.parseInt(pair, 16));
  const imported = await subtle.importKey('raw', bytes, 'Ed25519', false, ['verify']).catch((error: Error) => {
    if (error.name === 'DataError') return undefined; // a key that is no point of the curve signs nothing
    throw lacking(reason(error));
  });
  return imported !== undefined && (await subtle.verify('Ed25519', imported, signature, message));
}

const lacking = (found: string): IncompatibleRuntimeError =>
  new IncompatibleRuntimeError(`Ed25519 cannot be verified here (${found}); use a newer browser or Node`);
