/** Files of a bundle exchanged, with a manifest that lists them truthfully. */

import { createHash } from 'node:crypto';
import { content, manifestOf } from './bundles.mjs';

export async function hashed(name, files) {
  const manifest = JSON.parse(await manifestOf(name));
  for (const [file, bytes] of Object.entries(files)) {
    manifest.files[file] = { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
  }
  return { ...files, 'manifest.json': content(JSON.stringify(manifest)) };
}
