/** What a manifest's text may be, beyond the cases of runtime/conformance. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../../../runtime/web/dist/index.js';
import { content, good, manifestOf, withFiles } from './bundles.mjs';

const text = await manifestOf('good.edge');

/** Open the good bundle with another manifest. */
const opened = async (manifest) => load(withFiles(await good(), { 'manifest.json': content(manifest) }));

const refused = {
  'an integer with a fraction': text.replace('"samples": 4', '"samples": 4.0'),
  'an integer with an exponent': text.replace('"samples": 4', '"samples": 4e0'),
  'an integer beyond 2^53': text.replace('"max": 16', '"max": 9007199254740993'),
  'a number beyond all': text.replace('"cosine": 0.98', '"cosine": 1e999'),
  'a key twice with one value': text.replace('"name": "tiny"', '"name": "tiny", "name": "tiny"'),
  'a key twice, escaped': text.replace('"name": "tiny"', '"name": "tiny", "n\\u0061me": "tiny"'),
  'a byte-order mark': `\ufeff${text}`,
  'a text that cannot be printed': text.replace('"name": "tiny"', '"name": "ti\\u200bny"'),
  'a comment': text.replace('{', '{ // a comment\n'),
  'nesting without end': '['.repeat(200_000),
  'a size of true': text.replace('"samples": 4', '"samples": true'),
  'more than a MiB': text + ' '.repeat(2 ** 20),
  null: 'null',
};

for (const [what, manifest] of Object.entries(refused)) {
  test(`${what} is refused in one line`, async () => {
    await assert.rejects(opened(manifest), (error) => error.name === 'BundleError' && !error.message.includes('\n'));
  });
}

test('more golden samples than there can be are refused where they are read', async () => {
  const model = await opened(text.replace('"samples": 4', '"samples": 9007199254740991'));
  await assert.rejects(model.check(), (error) => error.name === 'BundleError' && !error.message.includes('\n'));
});

test('bytes that are no UTF-8 are refused', async () => {
  const bytes = content(text.replace('tiny', 'tin\u00ff')).filter((byte) => byte !== 0xc3);
  await assert.rejects(load(withFiles(await good(), { 'manifest.json': bytes })), { name: 'BundleError' });
});

const accepted = {
  'names that JavaScript has for itself': text.replaceAll('"sequence"', '"constructor"'),
  'a number with an exponent': text.replace('"cosine": 0.98', '"cosine": 98e-2'),
  'a whole number where fractions may stand': text.replace('"cosine": 0.98', '"cosine": 1.0'),
  'anything in provenance': text.replace('"opset": 23', '"opset": [null, "\\u200b", {"a": 0.5}]'),
};

test('an option of the engine changes nothing else', async () => {
  const named = '"options": {"__proto__.polluted": "yes", "session.a": "1", "session.a.b": true}';
  await opened(text.replaceAll('"options": {}', named)).catch(({ name }) => assert.equal(name, 'BundleError'));
  assert.equal({}.polluted, undefined);
});

for (const [what, manifest] of Object.entries(accepted)) {
  test(`${what}: accepted`, async () => {
    const model = await opened(manifest);
    assert.ok((await model.check()).every(({ ok }) => ok));
  });
}

test('a key is told in one short line, with escapes for what is not seen in it', async () => {
  const other = (key) => opened(text.replace('"engine": {', (found) => `${found}${JSON.stringify(key)}: 1, `));
  await assert.rejects(other('a\r\u202e\u{e0001}b'), /^BundleError: .*a\\x0d\\u202e\\U000e0001b: an unknown key/);
  await assert.rejects(other('a'.repeat(40_000)), ({ name, message }) => name === 'BundleError' && message.length <= 2000);
});
