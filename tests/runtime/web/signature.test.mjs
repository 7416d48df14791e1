/** Bundles that a trusted key signed, and what was made of them since. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../../../runtime/web/dist/index.js';
import { bundle, content, good, manifestOf, withFiles } from './bundles.mjs';

const OTHER = '5a'.repeat(32);
const signed = bundle('signed.edge');
const { key } = JSON.parse(await manifestOf('signed.edge')).signature;

const refused = (source, message, ...trustedKeys) =>
  assert.rejects(load(source, { trustedKeys }), { name: 'BundleError', message });

test('what a trusted key signed is opened', async () => {
  await load(signed, { trustedKeys: [OTHER, key] });
  await load(signed);
});

test('another key, and no signature, are refused', async () => {
  await refused(signed, /no signature by a trusted key/, OTHER);
  await refused(await good(), /manifest\.sig: /, key);
});

for (const file of ['manifest.json', 'manifest.sig', 'model.onnx']) {
  test(`a changed byte of ${file} is refused`, async () => {
    const whole = await signed.read(file);
    for (let place = 0; place < whole.length; place += Math.max(1, whole.length >> 4)) {
      const changed = whole.slice();
      changed[place] ^= 1;
      await refused(withFiles(signed, { [file]: changed }), /no signature by a trusted key|changed/, key);
    }
  });
}

test('a changed byte of golden vectors is refused where they are read', async () => {
  const whole = await signed.read('golden.safetensors');
  for (let place = 0; place < whole.length; place += Math.max(1, whole.length >> 4)) {
    const changed = whole.slice();
    changed[place] ^= 1;
    const model = await load(withFiles(signed, { 'golden.safetensors': changed }), { trustedKeys: [key] });
    await assert.rejects(model.check(), { name: 'BundleError', message: /changed/ });
  }
});

test('nothing of a manifest is read before it is verified', async () => {
  await refused(withFiles(signed, { 'manifest.json': content('{"schema": ') }), /no signature by a trusted key/, key);
});

for (const trustedKeys of [[], ['A'.repeat(64)], ['a'.repeat(63)], [null], key]) {
  test(`${JSON.stringify(trustedKeys)} are no keys`, async () => {
    await assert.rejects(load(signed, { trustedKeys }), { name: 'InputError', message: /^trustedKeys: / });
  });
}

test('a platform without Ed25519 says so, and opens what it need not verify', async () => {
  const { subtle } = globalThis.crypto;
  const importKey = async () => {
    throw new DOMException('Unrecognized algorithm name', 'NotSupportedError');
  };
  for (const lacking of [undefined, { subtle: { digest: subtle.digest.bind(subtle), importKey } }]) {
    Object.defineProperty(globalThis, 'crypto', { value: lacking, configurable: true });
    await load(signed);
    await assert.rejects(load(signed, { trustedKeys: [key] }), {
      name: 'IncompatibleRuntimeError',
      message: /verified by https alone|Ed25519 is not known here/,
    });
  }
});
