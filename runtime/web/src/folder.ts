/** A bundle in a folder of this machine: for Node alone. */

import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Content, OnBytes, Source } from './source.js';

/** A folder, read with its links followed as long as they stay inside, or lead to the blobs of a hub's cache. */
export class FolderSource implements Source {
  constructor(readonly name: string) {}

  async read(path: string, onBytes?: OnBytes): Promise<Content> {
    const [folder, file] = await Promise.all([realpath(this.name), realpath(join(this.name, path))]);
    if (!file.startsWith(folder + sep) && !isBlobOf(folder, file))
      throw new Error('a link that leaves the folder; copy the bundle with its links followed');
    const content = new Uint8Array(await readFile(file));
    onBytes?.(content.length);
    return content;
  }

  place(path: string): string {
    return join(this.name, path);
  }

  async list(): Promise<string[]> {
    const entries = await readdir(this.name, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory()); // a link to a folder is one file
    return files.map((entry) => relative(this.name, join(entry.parentPath, entry.name)).split(sep).join('/'));
  }
}

/** Whether Hugging Face's cache keeps a file there for a snapshot: links lead from snapshots/REVISION to blobs. */
function isBlobOf(folder: string, file: string): boolean {
  for (let above = dirname(folder); above !== dirname(above); above = dirname(above))
    if (basename(above) === 'snapshots' && dirname(file) === join(dirname(above), 'blobs')) return true;
  return false;
}
