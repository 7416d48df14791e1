/** What browsers alone have: files kept by hash, addresses without WebCrypto, threads, WebGPU. */

import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launched } from '../../../runtime/web/conformance/browser.mjs';
import { served } from '../../../runtime/web/conformance/served.mjs';
import { CONFORMANCE } from './bundles.mjs';
import { hashed } from './hashed.mjs';

const PACKAGE = fileURLToPath(new URL('../../../runtime/web/', import.meta.url));
const PHONE = 'phone.test'; // an address of the network, to the browser: http without the trust that localhost has
const SWIFTSHADER = [
  ...['--enable-unsafe-webgpu', '--enable-features=Vulkan,WebGPU', '--use-webgpu-adapter=swiftshader'],
  ...['--use-vulkan=swiftshader', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
];

let browser, server, large;
const asked = [];

before(async () => {
  large = await mkdtemp(join(tmpdir(), 'edgeattn-'));
  await cp(`${CONFORMANCE}good.edge`, join(large, 'large.edge'), { recursive: true });
  const weights = new Uint8Array(2 ** 21).fill(7); // of no graph's use, but large enough to be kept
  for (const [file, content] of Object.entries(await hashed('good.edge', { 'model.onnx.data': weights }))) {
    await writeFile(join(large, 'large.edge', file), content);
  }
  const folders = { '/cases/': CONFORMANCE, '/large/': large, '/package/': PACKAGE, '/': import.meta.dirname };
  server = await served(folders, (path) => asked.push(path));
  browser = await launched([`--host-resolver-rules=MAP ${PHONE} 127.0.0.1`, ...SWIFTSHADER]);
});

after(async () => {
  await browser.close();
  server.close();
  await rm(large, { recursive: true });
});

/** Open a page of a new profile, or another of the same. */
async function opened(host = '127.0.0.1', context) {
  const page = await (context ?? (await browser.newContext())).newPage();
  await page.goto(`http://${host}:${server.port}/page.html`);
  return page;
}

/** Load a bundle there, and say what became of it. */
const loaded = (page, path, options = {}) =>
  page.evaluate(
    async ([url, given]) => {
      const { load } = await import('edgeattn-web');
      const told = [];
      const model = await load(new URL(url, location.href), { ...given, onProgress: (progress) => told.push(progress) });
      const golden = await model.check();
      return { ok: golden.every(({ ok }) => ok), threads: model.threads, last: told.at(-1), count: told.length };
    },
    [path, options],
  );

test('large files are fetched once, and kept by their hash', async () => {
  const page = await opened();
  const first = await loaded(page, 'large/large.edge');
  assert.ok(first.ok);
  assert.equal(first.last.loaded, first.last.total);
  asked.length = 0;
  const again = await loaded(await opened('127.0.0.1', page.context()), 'large/large.edge');
  assert.ok(again.ok);
  assert.equal(again.last.loaded, again.last.total);
  assert.deepEqual(asked.filter((path) => path.endsWith('.data')), []);
  assert.ok(asked.some((path) => path.endsWith('manifest.json')));
  await page.evaluate(async () => (await import('edgeattn-web')).clearCache());
  await loaded(await opened('127.0.0.1', page.context()), 'large/large.edge');
  assert.equal(asked.filter((path) => path.endsWith('.data')).length, 1);
});

test('a kept file that was changed is fetched anew', async () => {
  const page = await opened();
  await loaded(page, 'large/large.edge');
  await page.evaluate(async () => {
    const cache = await caches.open('edgeattn');
    const [key] = await cache.keys();
    await cache.put(key, new Response(new Uint8Array(2 ** 21)));
  });
  asked.length = 0;
  assert.ok((await loaded(page, 'large/large.edge')).ok);
  assert.equal(asked.filter((path) => path.endsWith('.data')).length, 1);
});

test('a page of plain http checks hashes too, with one thread', async () => {
  const page = await opened(PHONE);
  assert.equal(await page.evaluate(() => isSecureContext || 'subtle' in crypto), false);
  const found = await loaded(page, 'cases/good.edge', { threads: 4 });
  assert.deepEqual([found.ok, found.threads], [true, 1]);
  await assert.rejects(loaded(page, 'cases/file-changed.edge'), /sha256 .* \(changed\)/);
});

test('threads are fixed by the first load of a page', async () => {
  const page = await opened();
  assert.equal((await loaded(page, 'cases/good.edge', { threads: 2 })).threads, 2);
  assert.equal((await loaded(page, 'cases/good.edge')).threads, 2);
  await assert.rejects(loaded(page, 'cases/good.edge', { threads: 1 }), /threads: 1 found, 2 expected/);
});

test('WebGPU answers the golden vectors where it is asked for', async () => {
  const page = await opened();
  assert.ok((await loaded(page, 'cases/good.edge', { providers: ['webgpu', 'wasm'] })).ok);
});

test('a page that may not compile WebAssembly is told the directive, before it fetches weights', async () => {
  const page = await (await browser.newContext()).newPage();
  await page.route('**/page.html', async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers(), 'content-security-policy': "script-src 'self' 'unsafe-inline'" };
    await route.fulfill({ response, headers });
  });
  await page.goto(`http://127.0.0.1:${server.port}/page.html`);
  asked.length = 0;
  const refusal = /IncompatibleRuntimeError.*add 'wasm-unsafe-eval' to script-src in the page's Content-Security-Policy/;
  await assert.rejects(loaded(page, 'cases/good.edge'), refusal);
  assert.deepEqual(asked.filter((path) => /\.(onnx|wasm)$/.test(path)), []);
});

test('a server that is not there, and a page in a file’s place, are told in one line', async () => {
  const page = await opened();
  await assert.rejects(loaded(page, 'http://127.0.0.1:1/x.edge'), /manifest.json: Failed to fetch/);
  await assert.rejects(loaded(page, 'cases/none.edge'), /manifest.json: status 404 found/);
  await assert.rejects(loaded(page, 'page.html?'), /BundleError/);
});

test('what a benchmark says of a browser is what a report takes', async () => {
  const page = await opened();
  const { machine, runs, schema } = await page.evaluate(async () => {
    const { load } = await import('edgeattn-web');
    const model = await load(new URL('cases/good.edge', location.href));
    return model.bench({ seconds: 0.1 });
  });
  assert.equal(schema, 1);
  for (const text of [machine.cpu, machine.system, ...Object.entries(machine.versions).flat()]) {
    assert.match(text, /^[\x20-\x7e]+$/);
  }
  assert.equal(runs.length, 1);
  assert.ok(machine.cores >= 1);
});
