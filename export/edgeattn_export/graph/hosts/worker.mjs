/**
 * A worker of onnxruntime-web in plain Node; its requests and frames are those of worker.py and edgeattn_runtime.device.frames.
 *
 *     node worker.mjs FOLDER      whose node_modules holds onnxruntime-web
 */

import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { argv, stdin, stdout, versions } from 'node:process';
import { pathToFileURL } from 'node:url';

import { format, parse } from './safetensors.mjs';

const installed = createRequire(join(argv[2], 'package.json')).resolve('onnxruntime-web');
const { env, InferenceSession, Tensor } = await import(pathToFileURL(installed));
console.log = console.error; // what libraries print disturbs no frame

/** One session, and the inputs that were bound to it. */
class Worker {
  #session;
  #bound = [];

  machine() {
    const engine = `Node ${versions.node}, onnxruntime-web ${env.versions.web}`;
    return [{ machine: `${cpus()[0]?.model ?? 'unknown'}; ${engine}` }];
  }

  async open({ model, providers, options, settings }) {
    env.wasm.numThreads = settings.threads;
    this.#session = await InferenceSession.create(await bytes(model), {
      executionProviders: providers,
      externalData: await weights(model),
      enableCpuMemArena: settings.arena,
      enableMemPattern: settings.memory_pattern,
      extra: nested(options),
      logSeverityLevel: 4, // fatal alone: errors are thrown anyway
    });
    return [{ inputs: this.#session.inputNames }];
  }

  async answer(_, inputs) {
    return [{}, await this.#session.run(inputs)];
  }

  bind(_, inputs) {
    return [{ slot: this.#bound.push(inputs) - 1 }];
  }

  async run({ slot }) {
    await this.#session.run(this.#bound[slot]);
    return [{}];
  }

  tell() {
    return [{ partitions: [] }]; // onnxruntime-web does not
  }
}

const bytes = async (path) => new Uint8Array(await readFile(path));

/** Read the files beside a graph that hold its weights: those named after it. */
async function weights(model) {
  const names = (await readdir(dirname(model))).filter((name) => name.startsWith(`${basename(model)}.data`));
  return Promise.all(names.map(async (path) => ({ path, data: await bytes(join(dirname(model), path)) })));
}

/** Return {"session.a": true} as {session: {a: "1"}}, as onnxruntime-web takes configuration entries. */
function nested(options) {
  const entries = {};
  for (const [name, value] of Object.entries(options)) {
    const parts = name.split('.');
    const last = parts.pop();
    const table = parts.reduce((outer, part) => (outer[part] ??= {}), entries);
    table[last] = String(typeof value === 'boolean' ? Number(value) : value);
  }
  return entries;
}

/** Yield each request and its tensors until the sender has gone. */
async function* requests(stream) {
  let buffer = Buffer.alloc(0);
  let message = null;
  for await (const chunk of stream) {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const end = message === null ? buffer.indexOf('\n') : -1;
      if (end >= 0) [message, buffer] = [JSON.parse(buffer.subarray(0, end)), buffer.subarray(end + 1)];
      if (message === null || buffer.length < message.bytes) break;
      const tensors = parse(buffer.subarray(0, message.bytes), Tensor);
      buffer = buffer.subarray(message.bytes);
      yield [message, tensors];
      message = null;
    }
  }
}

const worker = new Worker();
for await (const [message, tensors] of requests(stdin)) {
  let [answer, outputs] = [{}, undefined];
  try {
    [answer, outputs] = await worker[message.verb](message, tensors);
  } catch (error) {
    answer = { error: 'BundleError', reason: String(error.message).split('\n')[0] };
  }
  const content = outputs ? format(outputs) : new Uint8Array();
  stdout.write(`${JSON.stringify({ ...answer, bytes: content.length })}\n`);
  stdout.write(content);
}
