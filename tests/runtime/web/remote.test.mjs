/** A model in a worker: every verb as here, errors of the same classes, and an end that does not wait for the worker. */

import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { load, StepStream, tensor } from '../../../runtime/web/dist/index.js';
import { RemoteModel } from '../../../runtime/web/dist/remote.js';
import { bundle, CONFORMANCE, manifestOf } from './bundles.mjs';

const MOST_AHEAD = 64; // pieces that may wait to be read
const SCRIPT = new URL('worker.mjs', import.meta.url);
const workers = [];
const opened = async (name, options) => {
  const worker = new Worker(SCRIPT);
  workers.push(worker);
  return RemoteModel.open(worker, CONFORMANCE + name, options);
};
after(() => Promise.all(workers.map((worker) => worker.terminate())));

/** Gather pieces. */
async function all(pieces) {
  const found = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}

const inputs = { tokens: tensor('int64', [1, 3], [1, 2, 3]), mask: tensor('float32', [1, 3], [1, 1, 1]) };

test('it answers as a model here does', async () => {
  const told = [];
  const remote = await opened('processed.edge', { onProgress: (progress) => told.push(progress) });
  const here = await load(bundle('processed.edge'));
  assert.equal(told.at(-1).loaded, told.at(-1).total);
  assert.deepEqual(remote.opened.manifest.graphs, JSON.parse(JSON.stringify(here.manifest.graphs)));
  const outputs = await here.run(inputs);
  assert.deepEqual(await remote.run(inputs), outputs);
  assert.deepEqual(await remote.runMany([inputs]), [outputs]);
  assert.deepEqual(await remote.prepare({ text: 'the cat' }), here.prepare({ text: 'the cat' }));
  assert.deepEqual(await remote.labels(outputs), here.labels(outputs));
  assert.equal(await remote.decode([2, 3]), 'the cat');
  assert.equal(await remote.describe(), here.describe());
  assert.deepEqual(await remote.check(), await here.check());
  assert.equal((await remote.bench({ seconds: 0.01 })).model, 'tiny');
  await remote.close();
  await remote.close();
  await assert.rejects(remote.run(inputs), { name: 'InputError', message: /a closed model/ });
});

test('tokens come as they are made, and end where nobody listens', async () => {
  const remote = await opened('decoder.edge');
  const here = await load(bundle('decoder.edge'));
  const greedy = await all(here.generate([4, 7, 1]));
  assert.deepEqual(await all(remote.generate([4, 7, 1])), greedy);
  for await (const token of remote.generate([4, 7, 1])) {
    assert.equal(token, greedy[0]);
    break;
  }
  const prompts = [[4, 7, 1], [2]];
  assert.deepEqual(await remote.generateMany(prompts, { numBeams: 2 }), await here.generateMany(prompts, { numBeams: 2 }));
  await assert.rejects(all(remote.generate([])), { name: 'InputError' });
});

test('a stream in steps keeps its state here', async () => {
  const streams = [await opened('steps-sound.edge'), await load(bundle('steps-sound.edge'))].map((model) => new StepStream(model));
  const sound = Float32Array.from({ length: 21 }, (_, i) => Math.sin(i));
  const [there, here] = await Promise.all(
    streams.map(async (stream) => {
      const pieces = [stream.push(sound.subarray(0, 6)), stream.push(sound.subarray(6))]; // answered in their order
      stream.reset();
      return (await Promise.all([...pieces, stream.push(sound)])).flat();
    }),
  );
  assert.deepEqual(there, here);
  assert.deepEqual(here.map(({ end }) => end), [4, 8, 12, 16, 20, 4, 8, 12, 16, 20]);
  assert.deepEqual(here.slice(5), here.slice(0, 5));
});

test('errors keep their class and their message', async () => {
  const remote = await opened('good.edge');
  await assert.rejects(remote.run({}), { name: 'InputError', message: /missing tokens/ });
  await assert.rejects(opened('file-changed.edge'), { name: 'BundleError' });
  await assert.rejects(opened('engine-99.edge'), { name: 'IncompatibleRuntimeError' });
});

test('a signal, a deadline and terminate end a call here at once', { timeout: 60_000 }, async () => {
  const remote = await opened('good.edge');
  const controller = new AbortController();
  const long = remote.bench({ seconds: 3600, signal: controller.signal });
  const why = new Error('the page was left');
  controller.abort(why);
  await assert.rejects(long, why);
  assert.ok((await remote.run(inputs)).embedding); // the worker hears it beside a call that goes on
  await assert.rejects(remote.bench({ seconds: 3600, deadline: 0.05 }), { name: 'DeadlineError' });
  assert.ok((await remote.run(inputs)).embedding);
  const last = remote.bench({ seconds: 3600 });
  remote.terminate();
  await assert.rejects(last, { name: 'AbortError' });
  await assert.rejects(remote.run(inputs), { name: 'InputError', message: /a terminated worker/ });
});

test('a generation waits for a reader that is far behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgeattn-'));
  await cp(`${CONFORMANCE}decoder.edge`, folder, { recursive: true });
  const manifest = (await manifestOf('decoder.edge')).replace('"positions": 16', '"positions": 4096');
  await writeFile(join(folder, 'manifest.json'), manifest.replaceAll('"max": 16', '"max": 4096'));
  const worker = new Worker(new URL('endless-worker.mjs', import.meta.url));
  workers.push(worker);
  const remote = await RemoteModel.open(worker, folder);
  await rm(folder, { recursive: true });
  let came = 0;
  worker.on('message', ({ kind }) => (came += kind === 'piece'));
  let read = 0;
  for await (const _ of remote.generate([1], { maxNewTokens: 300 })) {
    for (let i = 0; read < 2 && i < 400; i++) await remote.describe(); // the worker has its turns
    read++;
    assert.ok(came <= read + MOST_AHEAD, `${came} came before ${read} were read`);
  }
  assert.equal(read, 300);
});

test('a cancelled generation throws, though pieces of it have come', async () => {
  const remote = await opened('decoder.edge');
  const controller = new AbortController();
  const found = [];
  const read = async () => {
    for await (const token of remote.generate([4, 7, 1], { signal: controller.signal })) {
      found.push(token);
      await remote.describe(); // others come in the meantime
      controller.abort();
    }
  };
  await assert.rejects(read(), { name: 'AbortError' });
  assert.equal(found.length, 1);
});
