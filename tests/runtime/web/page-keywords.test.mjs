/** The example that hears words: from a WAV file, a recording of its own and a microphone; and what it says of a wrong file. */

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
import { CONFORMANCE } from './bundles.mjs';
import { hashed } from './hashed.mjs';

const PACKAGE = fileURLToPath(new URL('../../../runtime/web/', import.meta.url));
const RATE = 8000; // of mono.edge, whose network adds up a window of 12 samples

let browser, server, page, root;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'edgeattn-'));
  const bundle = join(root, 'sound.edge');
  await cp(`${CONFORMANCE}mono.edge`, bundle, { recursive: true });
  const manifest = JSON.parse(new TextDecoder().decode((await hashed('mono.edge', {}))['manifest.json']));
  manifest.processing.labels = { output: 'total', names: ['sound'] }; // of one label, it is always heard
  await writeFile(join(bundle, 'manifest.json'), JSON.stringify(manifest));
  const build = ['vite', 'build', '--config', 'examples/vite.config.ts', '--logLevel', 'error'];
  await promisify(execFile)('npx', build, { cwd: PACKAGE, env: { ...env, EXAMPLE: 'keywords', BUNDLE: bundle } });
  server = await served({ '/': join(PACKAGE, 'build', 'keywords') });
  browser = await launched(['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream']);
  page = await (await browser.newContext({ permissions: ['microphone'] })).newPage();
  await page.goto(`http://127.0.0.1:${server.port}/index.html`);
  await page.waitForSelector('#state[data-state="ready"]');
});

after(async () => {
  await browser.close();
  server.close();
  await rm(root, { recursive: true });
});

/** A WAV file of 16 bits. */
function wav(rate, samples) {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + 2 * samples.length, 4);
  header.write('WAVEfmt ', 8);
  for (const [at, value, bytes] of [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, rate, 4], [28, 2 * rate, 4], [32, 2, 2], [34, 16, 2]])
    header.writeUIntLE(value, at, bytes);
  header.write('data', 36);
  header.writeUInt32LE(2 * samples.length, 40);
  return Buffer.concat([header, Buffer.from(Int16Array.from(samples).buffer)]);
}

const open = (buffer) => page.setInputFiles('#file', { name: 'sound.wav', mimeType: 'audio/wav', buffer });
const heard = () => page.locator('#heard li').allTextContents();

test('a WAV file is heard, a window each fifth of a second and a word each second', async () => {
  await open(wav(RATE, Array.from({ length: 2.5 * RATE }, (_, i) => 9000 * Math.sin(i))));
  await page.waitForFunction(() => /^2\.5 s of sound heard/.test(document.getElementById('state').textContent));
  assert.deepEqual(await heard(), ['sound2.4 s', 'sound1.2 s', 'sound0.0 s']);
});

test('its own recording is heard', async () => {
  await page.click('#sample');
  await page.waitForFunction(() => /^12\.5 s of sound heard/.test(document.getElementById('state').textContent));
  assert.ok((await heard()).length >= 10);
});

test('a file of another rate, and one that is no WAV file, are told in words', async () => {
  await open(wav(16000, [0, 0]));
  await page.waitForSelector('#state[data-state="failed"]');
  assert.match(await page.textContent('#state'), /16000 samples a second; 8000 are taken/);
  await open(Buffer.from('no sound'));
  await page.waitForFunction(() => /no WAV file/.test(document.getElementById('state').textContent));
});

test('the microphone is heard until it is stopped', async () => {
  await page.click('#listen');
  await page.waitForSelector('#state[data-state="active"]');
  await page.waitForSelector('#heard li');
  await page.click('#listen');
  await page.waitForSelector('#state[data-state="ready"]');
  assert.equal(await page.textContent('#listen'), 'Listen');
});
