/** Generation beyond the greedy runs of runtime/conformance: sampling, stops, and a cache that grows. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, tensor } from '../../../runtime/web/dist/index.js';
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
  assert.deepEqual(await tokens({ temperature: 2, topK: 1 }), greedy);
  assert.deepEqual(await tokens({ temperature: 2, topP: 1e-9 }), greedy);
  assert.deepEqual(await tokens({ temperature: 1e-6 }), greedy);
});

test('a temperature draws, and the same seed draws the same tokens', async () => {
  const drawn = await tokens({ temperature: 50, seed: 1 });
  assert.notDeepEqual(drawn, greedy);
  assert.deepEqual(await tokens({ temperature: 50, seed: 1 }), drawn);
  assert.notDeepEqual(await tokens({ temperature: 50, seed: 2 }), drawn);
});

test('a stop sequence ends it, and its tokens wait until it is clear', async () => {
  const [first, second, third] = greedy; // 8, 3, 3
  assert.deepEqual(await tokens({ stopSequences: [[second, third]] }), [first]);
  assert.deepEqual(await tokens({ stopSequences: [[first, first]] }), greedy);
  assert.deepEqual(await tokens({ stopSequences: [[...greedy, 1]] }), greedy);
});

test('a prompt may be an array of a tensor, a set or big integers', async () => {
  assert.deepEqual(await tokens({}, BigInt64Array.of(4n, 7n, 1n)), greedy);
  assert.deepEqual(await tokens({}, new Set([4, 7, 1])), greedy);
  assert.deepEqual(await tokens({}, Int32Array.of(4, 7, 1)), greedy);
  assert.deepEqual(await tokens({ stop: Int32Array.of(greedy[1]) }), [greedy[0]]);
});

test('a penalty makes tokens that were there before less likely', async () => {
  const found = await tokens({ repetitionPenalty: 1e6, maxNewTokens: 5 });
  assert.equal(new Set([4, 7, 1, ...found]).size, 8);
});

test('many prompts are answered as each alone, whatever their lengths', async () => {
  const prompts = [[4, 7, 1], [2], [5, 5, 5, 5, 9], [2], [1, 3]];
  const together = await model.generateMany(prompts, { maxNewTokens: 6 });
  for (const [i, [best]] of together.entries())
    assert.deepEqual(best.tokens, await tokens({ maxNewTokens: 6 }, prompts[i]));
});

test('beams find what is at least as likely as greedy, the best first', async () => {
  const options = { maxNewTokens: 5, lengthPenalty: 0 };
  const [[single]] = await model.generateMany([[4, 7, 1]], options);
  const [found] = await model.generateMany([[4, 7, 1]], { ...options, numBeams: 8, numReturnSequences: 8 });
  assert.equal(found.length, 8);
  assert.ok(found[0].score >= single.score - 1e-6);
  assert.deepEqual(found, found.toSorted((a, b) => b.score - a.score));
  const [stopped] = await model.generateMany([[4, 7, 1]], { ...options, numBeams: 2, stop: [greedy[1]], earlyStopping: true });
  assert.ok(stopped.every(({ tokens }) => !tokens.includes(greedy[1])));
});

test('an encoder-decoder takes many prompts, also of several sizes', async () => {
  const paired = await load(bundle('encoder-decoder.edge'));
  const prompts = [[1, 2, 3], [4], [5, 6, 7]];
  const options = { start: [1], maxNewTokens: 5 };
  const together = await paired.generateMany(prompts, options);
  for (const [i, prompt] of prompts.entries()) {
    const alone = [];
    for await (const token of paired.generate(prompt, options)) alone.push(token);
    assert.deepEqual(together[i][0].tokens, alone);
  }
  const source = tensor('int64', [2, 3], [1, 2, 3, 5, 6, 7]);
  const [first, second] = await paired.generateMany({ source }, { ...options, numBeams: 2 });
  assert.ok(first[0].tokens.length && second[0].tokens.length);
});

test('other work has its turn between two tokens', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  for (let i = 0; i < 20; i++) await tokens({});
  clearInterval(timer);
  assert.ok(turns > 20, `${turns} turns`);
});

test('a signal or a deadline ends it between two tokens', async () => {
  const controller = new AbortController();
  const found = [];
  const all = async () => {
    for await (const token of model.generate([4, 7, 1], { signal: controller.signal })) {
      found.push(token);
      controller.abort();
    }
  };
  await assert.rejects(all(), { name: 'AbortError' });
  assert.equal(found.length, 1);
  await assert.rejects(tokens({ deadline: 1e-6 }), { name: 'DeadlineError' });
  assert.deepEqual(await tokens({ deadline: 60, signal: new AbortController().signal }), greedy);
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
  { seed: -1 },
  { repetitionPenalty: 0 },
  { stopSequences: [[]] },
  { stopSequences: 7 },
  { stop: 3 },
  { deadline: 0 },
  { signal: 'now' },
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

const refusedMany = [
  [[], {}],
  [undefined, {}],
  [[[1], []], {}],
  [[[1]], { numBeams: 9 }],
  [[[1]], { numBeams: 2, numReturnSequences: 3 }],
  [[[1]], { numBeams: 2, temperature: 1 }],
  [[[1]], { earlyStopping: 'sometimes' }],
  [[[1]], { lengthPenalty: Number.NaN }],
  [{ tokens: tensor('int64', [1, 1], [1]) }, {}],
];

for (const [prompts, options] of refusedMany) {
  test(`many: ${prompts && JSON.stringify(options)} is refused`, async () => {
    await assert.rejects(model.generateMany(prompts, options), { name: 'InputError' });
  });
}

test('a bundle without generation says so', async () => {
  const other = await load(await good());
  await assert.rejects(other.generate([1]).next(), /no generation/);
});
