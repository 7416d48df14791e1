/** The bytes of a file, as a caller hands them over. */

import { InputError } from './errors.js';

/** Return a copy of a file's bytes; throws InputError for anything else, such as its path. */
export function bytesOf(kind: string, file: Uint8Array | ArrayBuffer): Uint8Array<ArrayBuffer> {
  if (file instanceof Uint8Array || file instanceof ArrayBuffer) return new Uint8Array(file);
  const found = typeof file === 'string' ? `the text ${JSON.stringify((file as string).slice(0, 40))}` : typeof file;
  throw new InputError(
    `${kind}: ${found} found, a file's bytes expected; read them first, by fetch(address) or, in Node, readFile(path)`,
  );
}
