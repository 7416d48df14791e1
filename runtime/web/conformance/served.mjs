/** A server of files on localhost, with the two headers without which no browser gives a page threads. */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/**
 * Serve folders, each under a prefix of the address; the first that fits counts.
 *
 * @param {Readonly<Record<string, string>>} folders
 * @param {(path: string) => void} [onRequest] Told of every path that is asked for.
 * @returns {Promise<{ port: number, close(): void }>}
 */
export async function served(folders, onRequest = () => {}) {
  const server = createServer(async ({ url = '/' }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname));
    const [prefix, folder] = Object.entries(folders).find(([each]) => path.startsWith(each)) ?? ['', ''];
    onRequest(path);
    try {
      const content = await readFile(join(folder, path.slice(prefix.length)));
      response.writeHead(200, { ...ISOLATION, 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' });
      response.end(content);
    } catch {
      response.writeHead(404, ISOLATION).end();
    }
  });
  await new Promise((listening) => void server.listen(0, '127.0.0.1', () => listening(undefined)));
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, close: () => void server.close() };
}
