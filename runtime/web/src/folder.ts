/** A bundle in a folder of this machine: for Node alone. */

import { readdir, readFile, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Content, OnBytes, Source } from './source.js';

/** A folder, read with its links followed as long as they stay inside. */
export class FolderSource implements Source {
  constructor(readonly name: string) {}

  async read(path: string, onBytes?: OnBytes): Promise<Content> {
    const [folder, file] = await Promise.all([realpath(this.name), realpath(join(this.name, path))]);
    if (!file.startsWith(folder + sep))
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
