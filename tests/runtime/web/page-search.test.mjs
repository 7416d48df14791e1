/** The example that searches one's own text: it finds, reads a file, and opens without a network. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { env } from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { launched } from '../../../runtime/web/conformance/browser.mjs';
import { served } from '../../../runtime/web/conformance/served.mjs';
import { CONFORMANCE } from './bundles.mjs';

const PACKAGE = fileURLToPath(new URL('../../../runtime/web/', import.meta.url));
const BUNDLE = `${CONFORMANCE}processed.edge`; // a dozen words, and vectors

let browser, server, page;

before(async () => {
  const build = ['vite', 'build', '--config', 'examples/vite.config.ts', '--logLevel', 'error'];
  await promisify(execFile)('npx', build, { cwd: PACKAGE, env: { ...env, EXAMPLE: 'search', BUNDLE } });
  server = await served({ '/': join(PACKAGE, 'build', 'search') });
  browser = await launched();
  page = await (await browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${server.port}/index.html`);
  await ready();
});

after(async () => {
  await browser.close();
  server.close();
});

/** Wait until the model is there and the text is read. */
async function ready() {
  await page.waitForSelector('#state[data-state="ready"]');
  await page.waitForFunction(() => document.getElementById('count').textContent.includes('passages'));
}

/** Search, and return what is found first. */
async function first(query) {
  await page.fill('#query', query);
  const found = page.locator('#results li').first();
  await found.waitFor();
  return { text: await found.locator('p').textContent(), marked: await found.locator('mark').textContent() };
}

test('a file is read, and its nearest sentence is marked in its paragraph', async () => {
  const buffer = Buffer.from('A big dog ran in. The cat sat on a mat.\n\nThe red dog is in the mat.\n');
  await page.setInputFiles('#file', { name: 'text.txt', mimeType: 'text/plain', buffer });
  await page.waitForFunction(() => document.getElementById('count').textContent === '2 passages, 3 sentences');
  const { text, marked } = await first('the cat sat on a mat.');
  assert.match(text, /^(A big dog ran in. The cat sat on a mat.|The red dog is in the mat.)$/);
  assert.ok(text.includes(marked) && marked.endsWith('.'));
});

test('what the text says is text, never a page', async () => {
  await page.fill('#text', '<img src=x onerror="document.title=1"> the cat.');
  await page.waitForFunction(() => document.getElementById('count').textContent.startsWith('1 passage'));
  assert.match((await first('the cat')).text, /^<img src=x/);
  assert.equal(await page.locator('#results img').count(), 0);
});

test('it opens without a network', async () => {
  server.close();
  await page.context().setOffline(true);
  await page.reload();
  await ready();
  assert.ok((await first('a red mat')).text.length > 0);
});
