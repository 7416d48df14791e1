/** Runs all cases in a page of headless Chromium, and prints a line of JSON for each: chromium.js FOLDER THREADS. */

import { join } from 'node:path';
import { argv } from 'node:process';
import { launched } from './browser.mjs';
import type { Told } from './page.js';
import { served } from './served.mjs';

const [, , folder = '.', threads = '1'] = argv;
const page = join(import.meta.dirname, '..', 'conformance-page');
const server = await served({ '/cases/': folder, '/': page });
const browser = await launched();
try {
  const tab = await browser.newPage();
  tab.on('pageerror', (error) => console.error(error.message));
  await tab.goto(`http://127.0.0.1:${server.port}/page.html?threads=${threads}`);
  const lines = await tab.evaluate(() => (globalThis as unknown as { told: Told }).told.lines);
  for (const line of lines) console.log(JSON.stringify(line));
} finally {
  await browser.close();
  server.close();
}
