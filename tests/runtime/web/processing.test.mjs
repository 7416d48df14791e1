/** Processing beyond the cases of runtime/conformance: sounds, type ids, and tokenizers that cannot be followed. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { load, readCsv } from '../../../runtime/web/dist/index.js';
import { bundle, CONFORMANCE, content, withFiles } from './bundles.mjs';
import { hashed } from './hashed.mjs';

const AUDIO = { input: 'mask', rate: 16000, channels: 1 }; // the input is float32 [batch, sequence]
const SAMPLES = [0.5, -1, 0];

/** Open the bundle with a tokenizer, with some of what its manifest says of processing exchanged. */
async function processed(change, files = {}) {
  const changed = await hashed('processed.edge', files);
  const manifest = JSON.parse(new TextDecoder().decode(changed['manifest.json']));
  Object.assign(manifest.processing, change(manifest.processing));
  return load(withFiles(bundle('processed.edge'), { ...changed, 'manifest.json': content(JSON.stringify(manifest)) }));
}

/** The tokenizer of a bundle of texts, changed. */
const tokenizer = async (change) => {
  const table = JSON.parse(await readFile(`${CONFORMANCE}processed.edge/tokenizer.json`, 'utf-8'));
  return { 'tokenizer.json': content(JSON.stringify({ ...table, ...change(table) })) };
};

test('a sound becomes its samples', async () => {
  const model = await processed(() => ({ audio: AUDIO }));
  const sound = { rate: 16000, channels: [Float32Array.from(SAMPLES)] };
  assert.deepEqual(model.prepare({ audio: sound }).mask, { dtype: 'float32', dims: [1, 3], data: Float32Array.from(SAMPLES) });
  assert.deepEqual(model.prepare({ audio: [sound, sound] }).mask.dims, [2, 3]);
  const broken = [
    { rate: 8000 },
    { channels: [...sound.channels, ...sound.channels] },
    { channels: [] },
    { channels: [new Float32Array()] },
    { channels: [Float32Array.of(1.5)] },
    { channels: [Float32Array.of(Number.NaN)] },
  ];
  for (const change of broken) assert.throws(() => model.prepare({ audio: { ...sound, ...change } }), { name: 'InputError' });
  const shorter = { ...sound, channels: [Float32Array.of(0)] };
  assert.throws(() => model.prepare({ audio: [sound, shorter] }), { name: 'InputError' });
});

test('a text and a sound fill one call', async () => {
  const model = await processed(({ text }) => ({ audio: AUDIO, text: { ...text, mask: null } }));
  const inputs = model.prepare({ text: 'the cat', audio: { rate: 16000, channels: [Float32Array.of(1, 1)] } });
  assert.equal((await model.run(inputs)).embedding.data.length, 8);
});

test('type ids are the post-processor’s', async () => {
  const template = [
    { SpecialToken: { id: 'a', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 1 } },
    { SpecialToken: { id: 'the', type_id: 0 } },
  ];
  const special = { a: { id: 'a', ids: [1], tokens: ['a'] }, the: { id: 'the', ids: [2], tokens: ['the'] } };
  const files = await tokenizer(() => ({
    post_processor: { type: 'TemplateProcessing', single: template, pair: template, special_tokens: special },
  }));
  const types = ({ text }) => ({ text: { ...text, mask: null, types: 'mask', longest: 4 } });
  const model = await processed(types, files);
  const inputs = model.prepare({ text: 'cat dog mat' });
  assert.deepEqual(Array.from(inputs.tokens.data, Number), [1, 3, 4, 2]); // cut to four, special tokens kept
  assert.deepEqual(Array.from(inputs.mask.data), [0, 1, 1, 0]);
  const narrow = await processed(({ text }) => ({ text: { ...text, longest: 2 } }), files);
  assert.throws(() => narrow.prepare({ text: 'cat' }), { name: 'BundleError' });
});

test('a tokenizer that cannot be followed is told where a text needs it', async () => {
  const changes = [
    () => ({ normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } }),
    () => ({ normalizer: { type: 'Sequence', normalizers: [{ type: 'Precompiled', precompiled_charsmap: 'AAAA' }] } }),
    () => ({ normalizer: { type: 'Unheard-of' } }),
    () => ({ model: { type: 'Unheard-of' } }),
  ];
  for (const change of changes) {
    const model = await processed(() => ({}), await tokenizer(change));
    assert.ok((await model.check()).every(({ ok }) => ok));
    assert.throws(() => model.prepare({ text: 'cat' }), { name: 'BundleError' });
  }
  for (const Regex of ['(a+)+$', '(a|aa)*b', '((?:a{2,})c?)+', `a${'b'.repeat(2 ** 13)}`]) {
    const pre_tokenizer = { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false };
    const endless = await processed(() => ({}), await tokenizer(() => ({ pre_tokenizer })));
    assert.throws(() => endless.prepare({ text: `${'a'.repeat(64)}!` }), { name: 'BundleError', message: /regular/ });
  }
  const model = await processed(() => ({}), { 'tokenizer.json': content('not JSON') });
  assert.throws(() => model.prepare({ text: 'cat' }), { name: 'BundleError' });
});

test('a tokenizer that is no UTF-8 is refused where a text needs it', async () => {
  const bytes = (await tokenizer(() => ({})))['tokenizer.json'];
  const at = new TextDecoder().decode(bytes).indexOf('dog');
  const files = { 'tokenizer.json': bytes.map((byte, i) => (i === at ? 0xff : byte)) };
  const model = await processed(() => ({}), files);
  assert.throws(() => model.prepare({ text: 'cat' }), { name: 'BundleError', message: /UTF-8|encoded data/ });
});

test('a token that is too long is refused, added or of a Unigram model', async () => {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  for (const [count, name] of [
    [128, undefined],
    [129, 'BundleError'],
  ]) {
    const token = 'é'.repeat(count);
    const model = { type: 'Unigram', unk_id: 0, vocab: Object.entries({ '[UNK]': 0, [token]: -1 }) };
    for (const change of [{ model }, { added_tokens: [{ id: 14, content: token, ...flags }] }]) {
      const opened = await processed(() => ({}), await tokenizer(() => change));
      const prepare = () => opened.prepare({ text: 'cat' });
      if (name) assert.throws(prepare, { name, message: /258 found, at most 256/ });
      else assert.ok(prepare());
    }
  }
});

test('steps that make too much of a text or of tokens are refused', async () => {
  const sequence = (key, step, times) => ({ type: 'Sequence', [key]: new Array(times).fill(step) });
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const cuts = await processed(
    () => ({}),
    await tokenizer(() => ({ pre_tokenizer: sequence('pretokenizers', bytes, 40) })),
  );
  assert.throws(() => cuts.prepare({ text: 'cat' }), { name: 'BundleError', message: /327 found, at most 8192 expected/ });
  for (const step of [
    { type: 'BPEDecoder', suffix: '' },
    { type: 'CTC', pad_token: '[PAD]', word_delimiter_token: '', cleanup: true },
  ]) {
    const model = await processed(() => ({}), await tokenizer(() => ({ decoder: sequence('decoders', step, 2) })));
    assert.throws(() => model.decode([1]), { name: 'BundleError', message: /Infinity found, at most 16/ });
  }
});

test('a post-processor whose special tokens are none is refused where a text needs it', async () => {
  const special_tokens = { a: { id: 'a', ids: [1], tokens: ['a'] } };
  const template = (single) => ({ type: 'TemplateProcessing', single, pair: single, special_tokens });
  const processors = [
    { type: 'BertProcessing', cls: ['[CLS]', 1] }, // no [SEP]
    template([{ SpecialToken: { type_id: 0 } }]), // no id
    template([{ SpecialToken: { id: 7, type_id: 0 } }]), // no text
    template([{ SpecialToken: { id: '[NONE]', type_id: 0 } }]), // in no vocabulary
  ];
  for (const post_processor of processors) {
    const model = await processed(() => ({}), await tokenizer(() => ({ post_processor })));
    assert.throws(() => model.prepare({ text: 'a' }), { name: 'BundleError' });
  }
});

test('a word without a token is refused where the tokenizer has none for it', async () => {
  const files = await tokenizer(({ model: { unk_token, ...model } }) => ({ model }));
  const model = await processed(() => ({}), files);
  assert.throws(() => model.prepare({ text: 'the Zebra' }), /no token for/);
});

test('tokens become text', async () => {
  const model = await processed(() => ({}));
  assert.equal(model.decode([2, 3]), 'the cat');
  assert.equal(model.decode([]), '');
});

test('a cell of any length is read or refused in no time', () => {
  const of = (cell) => readCsv(`wind\n${cell}\n`, ['wind']).values;
  const begun = performance.now();
  assert.throws(() => of(`${'1'.repeat(200_000)}x`), /'?1{20}"? found in line 2, a number expected/);
  assert.throws(() => of(`x${' '.repeat(200_000)}x`), /found in line 2, a number expected/);
  assert.throws(() => of(`"${'""'.repeat(2_000_000)}"`), /found in line 2, a number expected/);
  assert.throws(() => of(`"${'""'.repeat(2_000_000)}`), /a quote in the middle of a cell, or one that does not end/);
  assert.deepEqual(of(`${' '.repeat(200_000)}7\t`), [[7]]);
  assert.ok(performance.now() - begun < 10_000); // ms; what is quadratic takes minutes
});

test('predictions are counted before they are made', async () => {
  const many = 2 ** 20 + 5;
  const output = (name, dims, number) => ({
    [name]: { dtype: 'float32', dims, data: new Float32Array(dims.reduce((a, b) => a * b)).fill(number) },
  });
  const tooMany = { name: 'InputError', message: /: predictions: \d+ found, at most 1048576 expected/ };
  const classes = await load(bundle('classes-sigmoid.edge'));
  const labels = classes.manifest.processing.labels.names.length;
  assert.throws(() => classes.predictions(output('logits', [Math.ceil(many / labels), labels], 9)), tooMany);
  const objects = await load(bundle('objects-corners.edge'));
  const { labels: named, prediction } = objects.manifest.processing;
  const candidates = [1, Math.ceil(many / 2)];
  const outputs = {
    ...output(named.output, [...candidates, named.names.length], 9),
    ...output(prediction.boxes, [...candidates, 4], 0),
  };
  assert.throws(() => objects.predictions(outputs), tooMany);
});
