/** The SHA-256 of bytes: the browser's own where it has one, which is on https and localhost alone. */

/** Return it as lowercase hex. */
export async function sha256(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = globalThis.crypto?.subtle
    ? new Uint8Array(await crypto.subtle.digest('SHA-256', content))
    : (await import('@noble/hashes/sha2.js')).sha256(content);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
