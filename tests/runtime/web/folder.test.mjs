/** Bundles in folders: links, hidden files, and files that are not what they seem. */

import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { load } from '../../../runtime/web/dist/index.js';
import { FolderSource } from '../../../runtime/web/dist/folder.js';
import { bundle, CONFORMANCE, good, manifestOf, withFiles } from './bundles.mjs';

const root = await mkdtemp(join(tmpdir(), 'edgeattn-'));
after(() => rm(root, { recursive: true }));

/** Copy the good bundle, and change the copy. */
async function changed(change) {
  const outside = await mkdtemp(join(root, 'copy-'));
  const folder = join(outside, 'good.edge');
  await cp(`${CONFORMANCE}good.edge`, folder, { recursive: true });
  await change(folder, outside);
  return new FolderSource(folder);
}

const refused = {
  'a link that leaves the folder': async (folder, outside) => {
    await rename(join(folder, 'model.onnx'), join(outside, 'model.onnx'));
    await symlink('../model.onnx', join(folder, 'model.onnx'));
  },
  'a link to nothing': async (folder) => {
    await symlink('nowhere', join(folder, 'extra'));
  },
  'a link to a folder': async (folder, outside) => {
    await symlink(outside, join(folder, 'extra'));
  },
  'a hidden file': async (folder) => {
    await writeFile(join(folder, '.hidden'), '');
  },
  'a hidden file in a hidden folder': async (folder) => {
    await mkdir(join(folder, '.hidden'));
    await writeFile(join(folder, '.hidden', 'file'), '');
  },
  'a folder in a file’s place': async (folder) => {
    await rename(join(folder, 'model.onnx'), join(folder, 'other.onnx'));
    await mkdir(join(folder, 'model.onnx'));
  },
};

for (const [what, change] of Object.entries(refused)) {
  test(`${what} is refused`, async () => {
    await assert.rejects(load(await changed(change)), { name: 'BundleError' });
  });
}

test('a link inside the folder is followed', async () => {
  const source = await changed(async (folder) => {
    await mkdir(join(folder, 'graphs'));
    await rename(join(folder, 'golden.safetensors'), join(folder, 'graphs', 'golden.safetensors'));
    await symlink('graphs/golden.safetensors', join(folder, 'golden.safetensors'));
  });
  await assert.rejects(load(source), /graphs\/golden.safetensors: not listed/);
});

/** Lay the good bundle out as a hub's cache does: links in a snapshot, what they lead to in `blobs`. */
async function snapshot(blobs) {
  const cache = await mkdtemp(join(root, 'cache-'));
  const folder = join(cache, 'snapshots', '0123', 'good.edge');
  await cp(`${CONFORMANCE}good.edge`, join(cache, blobs), { recursive: true });
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(join(cache, blobs)))
    await symlink(`../../../${blobs}/${file}`, join(folder, file));
  return new FolderSource(folder);
}

test('a snapshot in a hub’s cache is loaded', async () => {
  const model = await load(await snapshot('blobs'));
  assert.ok((await model.check()).every(({ ok }) => ok));
});

test('links as in no hub’s cache are refused', async () => {
  await assert.rejects(load(await snapshot('files')), /a link that leaves the folder/);
});

test('a folder that is not there is told in one line', async () => {
  await assert.rejects(load(bundle('none.edge')), (error) => error.name === 'BundleError' && !error.message.includes('\n'));
});

test('a file that never ends is given up at its size', async () => {
  let told = 0;
  const endless = {
    name: 'endless',
    read: async (path, onBytes) => {
      if (path !== 'model.onnx') return (await good()).read(path, onBytes);
      for (;;) onBytes((told += 1000));
    },
  };
  const { size } = JSON.parse(await manifestOf('good.edge')).files['model.onnx'];
  await assert.rejects(load(endless), new RegExp(`model.onnx: more than ${size} bytes`));
  assert.ok(told <= size + 1000);
});

test('golden vectors that are no safetensors file are refused', async () => {
  const { hashed } = await import('./hashed.mjs');
  for (const bytes of [[], [1, 2, 3], new Array(1408).fill(255), [9, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from('{"a":1}  ')]]) {
    const files = await hashed('good.edge', { 'golden.safetensors': Uint8Array.from(bytes) });
    const model = await load(withFiles(await good(), files));
    await assert.rejects(model.check(), { name: 'BundleError' });
  }
});

test('progress ends at the size of all that is used', async () => {
  const told = [];
  const model = await load(await good(), { onProgress: (progress) => told.push(progress) });
  const total = model.manifest.files['model.onnx'].size; // golden vectors are read when a check asks for them
  assert.deepEqual(told.at(-1), { file: 'model.onnx', loaded: total, total });
});
