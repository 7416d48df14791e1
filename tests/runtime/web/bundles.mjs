/** Bundles of runtime/conformance, as tests change them. */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FolderSource } from '../../../runtime/web/dist/folder.js';

export const CONFORMANCE = fileURLToPath(new URL('../../../runtime/conformance/build/', import.meta.url));

/** A bundle in its folder. */
export const bundle = (name) => new FolderSource(CONFORMANCE + name);
export const good = async () => bundle('good.edge');
export const manifestOf = (name) => readFile(`${CONFORMANCE}${name}/manifest.json`, 'utf-8');
export const content = (text) => new TextEncoder().encode(text);

/** A source with some of its files exchanged. */
export const withFiles = (source, files) => ({
  name: source.name,
  read: async (path, onBytes) => files[path] ?? source.read(path, onBytes),
  list: async () => [...new Set([...(await source.list()), ...Object.keys(files)])],
});
