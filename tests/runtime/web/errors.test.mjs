/** Whatever is handed over, what is thrown is of one tree, in one line; and a call ends where it is told to. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdgeAttnError, load, readCsv, readImage, readWav, StepStream, Stream, tensor } from '../../../runtime/web/dist/index.js';
import { bundle, CONFORMANCE, good } from './bundles.mjs';

const model = await load(await good());
const inputs = { tokens: tensor('int64', [1, 3], [1, 2, 3]), mask: tensor('float32', [1, 3], [1, 1, 1]) };

const ODD = [undefined, null, 0, 1.5, true, '', 'text', [], [1], [[1]], {}, { a: 1 }, () => {}, Symbol('s'), new Map(), 10n, Number.NaN];
const bundles = ['good.edge', 'decoder.edge', 'sources.edge', 'processed.edge', 'mono.edge', 'log-mel.edge', 'series-hold.edge', 'bilinear.edge', 'steps.edge', 'steps-sound.edge', 'steps-series.edge'];

/** Call, and hold what is thrown against the tree. */
async function told(what, call) {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof EdgeAttnError, `${what}: ${error.stack}`);
    assert.ok(!/\p{Cc}/u.test(error.message) && error.message.length < 2000, what);
    assert.ok(error.name !== 'BundleError', `${what} blames the bundle: ${error.message}`);
  }
}

const first = async (pieces) => (await pieces.next()).value;

for (const name of bundles) {
  test(`${name}: odd arguments are told in words`, async () => {
    const one = await load(bundle(name));
    for (const odd of ODD) {
      const what = `${name} ${typeof odd === 'symbol' ? 'symbol' : String(odd)}`;
      await told(`run ${what}`, () => one.run(odd));
      await told(`runMany ${what}`, () => one.runMany(odd));
      await told(`runMany [${what}]`, () => one.runMany([odd]));
      await told(`generate ${what}`, () => first(one.generate(odd, { start: [1], maxNewTokens: 1 })));
      await told(`generate start ${what}`, () => first(one.generate([1], { start: odd, maxNewTokens: 1 })));
      await told(`generate stop ${what}`, () => first(one.generate([1], { stop: odd, maxNewTokens: 1 })));
      await told(`generate stops ${what}`, () => first(one.generate([1], { stopSequences: odd, maxNewTokens: 1 })));
      await told(`write ${what}`, () => first(one.write([1], { stopStrings: odd, maxNewTokens: 1 })));
      await told(`generateMany ${what}`, () => one.generateMany(odd, { start: [1], maxNewTokens: 1 }));
      await told(`generateMany [${what}]`, () => one.generateMany([odd], { start: [1], maxNewTokens: 1 }));
      await told(`decode ${what}`, () => one.decode(odd));
      await told(`labels ${what}`, () => one.labels(odd));
      await told(`forecast ${what}`, () => one.forecast(odd));
      await told(`prepare ${what}`, () => one.prepare(odd));
      for (const kind of ['text', 'image', 'audio', 'series']) {
        await told(`prepare ${kind} ${what}`, () => one.prepare({ [kind]: odd }));
        await told(`prepare ${kind} [${what}]`, () => one.prepare({ [kind]: [odd] }));
      }
      await told(`Stream ${what}`, () => new Stream(one, { hop: odd, window: 4 }).push(odd));
      await told(`push ${what}`, () => new Stream(one, { hop: 1, window: 4 }).push(odd));
      await told(`StepStream ${what}`, () => new StepStream(one).push(odd));
      await told(`StepStream [${what}]`, () => new StepStream(one).push({ dtype: 'float32', dims: odd, data: odd }));
      for (const key of ['temperature', 'topK', 'topP', 'repetitionPenalty', 'maxNewTokens', 'seed', 'numBeams', 'signal', 'deadline'])
        await told(`${key} ${what}`, () => one.generateMany([[1]], { start: [1], maxNewTokens: 2, [key]: odd }));
      await told(`load ${what}`, () => load(bundle(name), { threads: odd }));
    }
  });
}

test('a place that is none is told in words', async () => {
  for (const odd of ODD) await told('tensor', () => tensor('int64', [1], odd));
  await assert.rejects(load(undefined), { name: 'InputError' });
  await assert.rejects(load('nowhere.edge'), { name: 'BundleError' });
  await assert.rejects(load('http://127.0.0.1:1/x.edge'), { name: 'BundleError' });
  assert.throws(() => tensor('int128', [1], [1]), { name: 'InputError' });
  assert.throws(() => tensor('int64', [2], [1]), { name: 'InputError' });
});

test('a folder’s path is an address in Node', async () => {
  const other = await load(`${CONFORMANCE}good.edge`);
  assert.deepEqual(await other.run(inputs), await model.run(inputs));
});

test('a signal that was given, or a deadline that has passed, ends a call and a load', async () => {
  const why = new Error('the page was left');
  const ends = [
    [{ signal: AbortSignal.abort() }, { name: 'AbortError' }],
    [{ signal: AbortSignal.abort(why) }, why],
    [{ deadline: 1e-9 }, { name: 'DeadlineError' }],
  ];
  for (const [limits, ended] of ends) {
    await assert.rejects(model.run(inputs, limits), ended);
    await assert.rejects(model.runMany([inputs], limits), ended);
    await assert.rejects(model.check(limits), ended);
    await assert.rejects(model.bench(limits), ended);
    await assert.rejects(load(await good(), limits), ended);
  }
  assert.ok((await model.run(inputs, { deadline: 60, signal: new AbortController().signal })).embedding);
});

test('a signal is heard while one run follows the other', { timeout: 60_000 }, async () => {
  const calls = [
    (limits) => model.bench({ seconds: 3600, ...limits }),
    (limits) => model.runMany(Array(10_000).fill(inputs), limits),
  ];
  for (const call of calls) {
    const controller = new AbortController();
    setTimeout(() => controller.abort());
    await assert.rejects(call({ signal: controller.signal }), { name: 'AbortError' });
  }
});

test('a load ends while its files come', async () => {
  const controller = new AbortController();
  const source = { ...(await good()), read: async (path, onBytes) => (await good()).read(path, onBytes), name: 'slow' };
  const loading = load(source, { signal: controller.signal, onProgress: () => controller.abort() });
  await assert.rejects(loading, { name: 'AbortError' });
});

test('a path in the place of a file is told what gives its bytes', async () => {
  const told = { name: 'InputError', message: /"\/photo.png" found, a file's bytes expected; read them first, by fetch/ };
  await assert.rejects(readImage('/photo.png'), told);
  assert.throws(() => readWav('/photo.png'), told);
  assert.throws(() => readCsv('/hours.csv', ['wind']), { name: 'InputError', message: /not its path/ });
  const [images, sounds] = [await load(bundle('bilinear.edge')), await load(bundle('mono.edge'))];
  assert.throws(() => images.prepare({ image: '/photo.png' }), { name: 'InputError', message: /readImage/ });
  assert.throws(() => sounds.prepare({ audio: '/speech.wav' }), { name: 'InputError', message: /readWav/ });
});
