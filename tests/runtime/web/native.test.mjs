/** onnxruntime-node runs what a bundle has for `cpu`: one target is enough there. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, tensor } from '../../../runtime/web/dist/index.js';
import { native } from '../../../runtime/web/dist/native.js';
import { bundle, content, good, manifestOf, withFiles } from './bundles.mjs';

const inputs = { tokens: tensor('int64', [1, 3], [1, 2, 3]), mask: tensor('float32', [1, 3], [1, 1, 1]) };

/** The good bundle with the variants of one target alone. */
async function only(target) {
  const manifest = JSON.parse(await manifestOf('good.edge'));
  manifest.variants = manifest.variants.filter((variant) => variant.target === target);
  return withFiles(await good(), { 'manifest.json': content(JSON.stringify(manifest)) });
}

test('each engine runs its own variants, and says what the others need', async () => {
  const fast = await load(await only('cpu'), { engine: native, threads: 2 });
  assert.deepEqual([fast.engine.name, fast.threads, fast.variants[0].target], ['onnxruntime-node', 2, 'cpu']);
  assert.ok((await fast.check()).every(({ ok }) => ok));
  await assert.rejects(load(await only('cpu')), { name: 'IncompatibleRuntimeError', message: /this is onnxruntime-web/ });
  await assert.rejects(load(await only('web'), { engine: native }), { name: 'IncompatibleRuntimeError', message: /this is onnxruntime;/ });
});

test('a folder is opened by its paths, and any other source by its bytes, with the same answers', async () => {
  const [folder, bytes, wasm] = [await load(await good(), { engine: native }), await load(await only('cpu'), { engine: native }), await load(await good())];
  assert.deepEqual(await bytes.run(inputs), await folder.run(inputs));
  const [a, b] = [await folder.run(inputs), await wasm.run(inputs)].map(({ embedding }) => embedding.data);
  assert.ok(a.every((value, i) => Math.abs(value - b[i]) < 0.05));
});

test('a file of the folder that is not the manifest’s is refused before it is opened', async () => {
  await assert.rejects(load(bundle('file-changed.edge'), { engine: native }), { name: 'BundleError' });
  await assert.rejects(load(bundle('graph-not-onnx.edge'), { engine: native }), { name: 'BundleError', message: /onnxruntime-node 1\.\d+/ });
});

test('it generates as wasm does', async () => {
  const prompts = [[4, 7, 1], [2]];
  const found = await Promise.all(
    [{}, { engine: native }].map(async (options) => (await load(bundle('decoder.edge'), options)).generateMany(prompts, { numBeams: 3 })),
  );
  assert.deepEqual(...found.map((rows) => rows.map((row) => row.map(({ tokens }) => tokens))));
});

test('a key that is none, and an empty list of keys, are refused', async () => {
  for (const trustedKeys of [[], ['ab'], 'ab', [7]]) await assert.rejects(load(await good(), { trustedKeys }), { name: 'InputError' });
});
