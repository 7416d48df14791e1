/** Runs all cases in a page: page.html?threads=2. Its lines go to whoever opened it, as one promise. */

import { type Source, UrlSource } from 'edgeattn-web';
import { type Line, lines } from './cases.js';

/** What the page holds for its driver. */
export type Told = { readonly lines: Promise<readonly Line[]> };

console.warn = () => {}; // texts that are cut are told of, and are meant to be
const threads = Number(new URLSearchParams(location.search).get('threads'));
const place = (folder: string): Source => new UrlSource(new URL(`cases/${folder}`, location.href));

async function all(): Promise<readonly Line[]> {
  const found: Line[] = [];
  for await (const line of lines(place, { threads })) found.push(line);
  return found;
}

Object.assign(globalThis, { told: { lines: all() } satisfies Told });
