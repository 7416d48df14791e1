/** The example that tells a story: it tells, stops when it is told to, and begins anew. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { launched } from '../../../runtime/web/conformance/browser.mjs';
import { served } from '../../../runtime/web/conformance/served.mjs';
import { CONFORMANCE, content } from './bundles.mjs';
import { hashed } from './hashed.mjs';

const PACKAGE = fileURLToPath(new URL('../../../runtime/web/', import.meta.url));
const WORDS = Array.from({ length: 16 }, (_, i) => [`w${i}`, i]); // as many as decoder.edge has tokens
const TOKENIZER = {
  version: '1.0',
  added_tokens: [],
  ...Object.fromEntries(['truncation', 'padding', 'normalizer', 'post_processor', 'decoder'].map((part) => [part, null])),
  pre_tokenizer: { type: 'WhitespaceSplit' },
  model: { type: 'WordLevel', vocab: Object.fromEntries(WORDS), unk_token: 'w0' },
};

let browser, server, page, root;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'edgeattn-'));
  const bundle = join(root, 'words.edge');
  await cp(`${CONFORMANCE}decoder.edge`, bundle, { recursive: true });
  const files = await hashed('decoder.edge', { 'tokenizer.json': content(JSON.stringify(TOKENIZER)) });
  const manifest = JSON.parse(new TextDecoder().decode(files['manifest.json']));
  const text = { tokenizer: 'tokenizer.json', ids: 'tokens', mask: null, types: null, longest: null };
  manifest.processing = { text };
  await writeFile(join(bundle, 'tokenizer.json'), files['tokenizer.json']);
  await writeFile(join(bundle, 'manifest.json'), JSON.stringify(manifest));
  const build = ['vite', 'build', '--config', 'examples/vite.config.ts', '--logLevel', 'error'];
  await promisify(execFile)('npx', build, { cwd: PACKAGE, env: { ...env, EXAMPLE: 'story', BUNDLE: bundle } });
  server = await served({ '/': join(PACKAGE, 'build', 'story') });
  browser = await launched();
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.port}/index.html`);
  await page.waitForSelector('#state[data-state="ready"]');
});

after(async () => {
  await browser.close();
  server.close();
  await rm(root, { recursive: true });
});

const state = (pattern) =>
  page.waitForFunction((source) => new RegExp(source).test(document.getElementById('state').textContent), pattern);

test('a story is told behind its beginning', async () => {
  await page.fill('#beginning', 'w4 w7');
  await page.click('#go');
  await state('^Told in');
  assert.equal(await page.textContent('#begun'), 'w4 w7');
  assert.match(await page.textContent('#told'), /^( ?w\d+)+$/);
  assert.equal(await page.textContent('#go'), 'Go on');
});

test('a story is told until it is stopped, and another begins', async () => {
  const during = await page.evaluate(() => {
    const [form, go] = [document.getElementById('form'), document.getElementById('go')];
    form.requestSubmit();
    const text = go.textContent;
    form.requestSubmit();
    return text;
  });
  assert.equal(during, 'Stop');
  await state('^Stopped$');
  await page.click('#suggestions button');
  assert.equal(await page.inputValue('#beginning'), 'Emma was');
  await page.fill('#beginning', 'w1');
  await page.click('#go');
  await state('^Told in');
  assert.equal(await page.textContent('#begun'), 'w1');
});

test('a beginning that the model does not take is told in words', async () => {
  await page.fill('#beginning', 'w1 '.repeat(500));
  await page.click('#go');
  await page.waitForSelector('#state[data-state="failed"]');
});
