/** Generation beyond the greedy runs of runtime/conformance: sampling, stops, and a cache that grows. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../../../runtime/web/dist/index.js';
import { bundle, good } from './bundles.mjs';

const model = await load(bundle('decoder.edge'));

/** Gather what is generated. */
async function tokens(options, prompt = [4, 7, 1]) {
  const found = [];
  for await (const token of model.generate(prompt, options)) found.push(token);
  return found;
}

const greedy = await tokens({});

test('a stop token ends it, and is not yielded', async () => {
  const [first, second] = greedy;
  assert.notEqual(first, second);
  assert.deepEqual(await tokens({ stop: [second] }), [first]);
});

test('the likeliest token alone is greedy', async () => {
  assert.deepEqual(await tokens({ temperature: 2, topK: 1, random: () => 0.999 }), greedy);
  assert.deepEqual(await tokens({ temperature: 2, topP: 1e-9, random: () => 0.999 }), greedy);
  assert.deepEqual(await tokens({ temperature: 1e-6, random: () => 0.5 }), greedy);
});

test('a temperature draws, and the same numbers draw the same tokens', async () => {
  const numbers = () => {
    let seed = 1;
    return () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
  };
  const drawn = await tokens({ temperature: 50, random: numbers() });
  assert.notDeepEqual(drawn, greedy);
  assert.deepEqual(await tokens({ temperature: 50, random: numbers() }), drawn);
});

const refused = [
  { temperature: -1 },
  { temperature: Number.NaN },
  { topK: 0 },
  { topK: 1.5 },
  { topP: 0 },
  { topP: 1.1 },
  { maxNewTokens: 0 },
  { stop: [16] },
  { start: [1] },
];

for (const options of refused) {
  test(`${JSON.stringify(options)} is refused`, async () => {
    await assert.rejects(tokens(options), { name: 'InputError' });
  });
}

test('a prompt that is no list of tokens is refused', async () => {
  for (const prompt of [[1.5], [-1], ['1'], 'text', null, { tokens: [1] }]) {
    await assert.rejects(tokens({}, prompt), { name: 'InputError' });
  }
});

test('a bundle without generation says so', async () => {
  const other = await load(await good());
  await assert.rejects(other.generate([1]).next(), /no generation/);
});
