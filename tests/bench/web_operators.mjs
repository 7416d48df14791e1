/**
 * Profile a graph in onnxruntime-web, one thread: prints a JSON array of events, as its native builds write.
 *
 *     node web_operators.mjs FOLDER MODEL INPUTS ROUNDS      FOLDER's node_modules holds onnxruntime-web
 */

import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

import { parse } from '../../export/edgeattn_export/graph/hosts/safetensors.mjs';

const [folder, model, inputs, rounds] = argv.slice(2);
const installed = createRequire(join(folder, 'package.json')).resolve('onnxruntime-web');
const { env, InferenceSession, Tensor } = await import(pathToFileURL(installed));

const bytes = async (path) => new Uint8Array(await readFile(path));
const weights = (await readdir(dirname(model))).filter((name) => name.startsWith(`${basename(model)}.data`));

env.wasm.numThreads = 1;
const session = await InferenceSession.create(await bytes(model), {
  externalData: await Promise.all(
    weights.map(async (path) => ({ path, data: await bytes(join(dirname(model), path)) })),
  ),
  enableProfiling: true,
  logSeverityLevel: 4, // fatal alone
});
const feeds = parse(await bytes(inputs), Tensor);
for (let round = 0; round < Number(rounds); round++) await session.run(feeds);
session.endProfiling(); // prints it
