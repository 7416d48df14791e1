/** Files that were fetched and checked, kept by the browser under their hash; where it has no cache, none are. */

import type { Content } from './source.js';

const NAME = 'edgeattn';
const address = (sha256: string): string => new URL(`/${NAME}/${sha256}`, globalThis.location.href).href;

/** Return the file of this hash, if it was kept. */
export async function kept(sha256: string): Promise<Content | undefined> {
  if (!('caches' in globalThis)) return undefined;
  const response = await (await caches.open(NAME)).match(address(sha256));
  return response && new Uint8Array(await response.arrayBuffer());
}

/** Keep a file under its hash, as far as the browser gives room. */
export async function keep(sha256: string, content: Content): Promise<void> {
  if (!('caches' in globalThis)) return;
  await (await caches.open(NAME)).put(address(sha256), new Response(content)).catch(() => {}); // full: it is fetched again
}

/** Give back the room that kept files take. */
export async function clearCache(): Promise<void> {
  if ('caches' in globalThis) await caches.delete(NAME);
}
