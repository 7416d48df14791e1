/** The app's calls: what they take, how they fail, and what they say. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, Stream, tensor } from '../../../runtime/web/dist/index.js';
import { bundle, good } from './bundles.mjs';

const model = await load(await good());
const inputs = { tokens: tensor('int64', [1, 3], [1, 2, 3]), mask: tensor('float32', [1, 3], [1, 1, 1]) };

test('many calls at once are answered as one by one', async () => {
  const alone = await model.run(inputs);
  const together = await Promise.all(Array.from({ length: 20 }, () => model.run(inputs)));
  for (const outputs of together) assert.deepEqual(outputs, alone);
});

test('a call that fails leaves the next alone', async () => {
  const outside = { ...inputs, tokens: tensor('int64', [1, 3], [1, 2, 99]) };
  await assert.rejects(model.run(outside), /index 99 out of range/);
  assert.equal((await model.run(inputs)).embedding.data.length, 8);
});

test('what was pushed into a stream is its own', async () => {
  const mono = await load(bundle('mono.edge'));
  const sound = Float32Array.from({ length: 20 }, (_, i) => i / 20);
  const expected = await new Stream(mono, { hop: 4 }).push(sound);
  const microphone = Float32Array.from(sound);
  const answered = new Stream(mono, { hop: 4 }).push(microphone);
  microphone.fill(0);
  assert.deepEqual(await answered, expected);
});

test('a stream takes no more than may wait for its answers', async () => {
  const stream = new Stream(await load(bundle('mono.edge')), { hop: 2 ** 25 });
  const answered = stream.push(new Float32Array(2 ** 24));
  const refusal = /16777217 found, at most 16777216 expected; await its answers/;
  await assert.rejects(stream.push(new Float32Array(1)), refusal);
  assert.equal((await answered).length, 1);
  assert.deepEqual(await stream.push(new Float32Array(1)), []);
});

const broken = {
  'an array in a tensor’s place': { ...inputs, tokens: [1, 2, 3] },
  'another array than the dtype’s': { ...inputs, mask: { dtype: 'float32', dims: [1, 3], data: new Float64Array(3) } },
  'fewer numbers than the dims say': { ...inputs, mask: { dtype: 'float32', dims: [1, 3], data: new Float32Array(2) } },
  'no dims': { ...inputs, mask: { dtype: 'float32', data: new Float32Array(3) } },
  null: { ...inputs, mask: null },
  'a fraction of a size': { ...inputs, mask: { dtype: 'float32', dims: [1.5, 2], data: new Float32Array(3) } },
};

for (const [what, given] of Object.entries(broken)) {
  test(`${what} is refused in one line`, async () => {
    await assert.rejects(model.run(given), (error) => error.name === 'InputError' && !error.message.includes('\n'));
  });
}

test('an unknown graph, target, provider or number of threads is refused', async () => {
  await assert.rejects(model.run(inputs, { graph: 'other' }), /no graph other; the bundle has model/);
  await assert.rejects(load(await good(), { target: 'npu' }), /no target npu; it has cpu, web/);
  await assert.rejects(load(await good(), { target: 'cpu' }), { name: 'IncompatibleRuntimeError' });
  await assert.rejects(load(await good(), { providers: ['webgpu'] }), { name: 'IncompatibleRuntimeError' });
  for (const threads of [0, -1, 1.5, '2', Number.NaN]) {
    await assert.rejects(load(await good(), { threads }), { name: 'InputError' });
  }
});

test('a tensor holds what it is given, or is refused', () => {
  assert.deepEqual(tensor('int64', [2], [-1, 2 ** 53]).data, BigInt64Array.of(-1n, 2n ** 53n));
  assert.deepEqual(tensor('float32', [2], [0.1, Number.NaN]).data, Float32Array.of(0.1, Number.NaN));
  for (const [dtype, number] of [['int32', 2 ** 31], ['uint8', -1], ['int64', 0.5], ['int64', 2 ** 63], ['bool', 256]]) {
    assert.throws(() => tensor(dtype, [1], [number]), { name: 'InputError' });
  }
});

test('inputs that are none are refused', async () => {
  for (const given of [undefined, null, 7, 'text']) await assert.rejects(model.run(given), { name: 'InputError' });
});

test('what is closed says so of every call, twice too, and leaves others alone', async () => {
  const other = await load(await good());
  const running = other.run(inputs);
  await Promise.all([other.close(), other.close()]);
  await other.close();
  assert.equal((await running).embedding.data.length, 8); // what was asked before is answered
  const closed = { name: 'InputError', message: /a closed model; load it again/ };
  for (const call of ['run', 'runMany', 'check', 'bench', 'generateMany']) await assert.rejects(other[call]([]), closed);
  for (const call of ['prepare', 'labels', 'forecast', 'decode', 'describe']) assert.throws(() => other[call]({}), closed);
  for (const call of ['generate', 'write']) await assert.rejects(other[call]([1]).next(), closed);
  assert.ok((await model.check()).every(({ ok }) => ok));
});

test('a call of many runs that a close comes between says so', async () => {
  const other = await load(await good());
  const many = other.runMany(Array(1000).fill(inputs));
  await Promise.all([assert.rejects(many, { name: 'InputError', message: /a closed model; load it again/ }), other.close()]);
});

test('it describes itself', () => {
  assert.match(model.describe(), /tokens: int64\[batch, sequence\].* -> embedding: float32\[batch, 8\]\nweb: /);
});

test('raw inputs that the bundle says nothing of are refused', async () => {
  assert.throws(() => model.prepare({ text: 'a' }), /text: found, and tiny has no processing for it/);
  assert.throws(() => model.labels({}), /no labels/);
  assert.throws(() => model.decode([1]), /no tokenizer/);
  const other = await load(bundle('processed.edge'));
  assert.throws(() => other.prepare({ text: [] }), /none found/);
  assert.throws(() => other.prepare({ texts: 'a' }), { name: 'InputError' });
  assert.throws(() => other.prepare({ text: 7 }), /number found/);
});
