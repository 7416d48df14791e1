/**
 * Opens a bundle as an app's page does, answers its golden inputs, and sends the answers back.
 *
 *     page.html?build=ort.wasm.min.mjs&threads=2&providers=wasm
 */

import { format, parse } from './safetensors.mjs';

const started = performance.now();
const asked = new URLSearchParams(location.search);
const fetched = async (path) => new Uint8Array(await (await fetch(`bundle/${path}`)).arrayBuffer());

/** Open a graph with the files of weights that are named after it. */
async function opened(ort, manifest, file) {
  const names = Object.keys(manifest.files).filter((name) => name.startsWith(`${file}.data`));
  const weights = names.map(async (name) => ({ path: name.split('/').pop(), data: await fetched(name) }));
  return ort.InferenceSession.create(await fetched(file), {
    executionProviders: asked.get('providers').split(','),
    externalData: await Promise.all(weights),
  });
}

/** Return the golden inputs, by sample. */
function samples(golden, count) {
  const prefixes = Array.from({ length: count }, (_, i) => `${i}.input.`);
  return prefixes.map((prefix) => {
    const named = Object.entries(golden).filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(named.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  });
}

async function main() {
  const ort = await import(`./ort/${asked.get('build')}`);
  ort.env.wasm.numThreads = Number(asked.get('threads'));
  const manifest = JSON.parse(new TextDecoder().decode(await fetched('manifest.json')));
  const { files } = manifest.variants.find(({ engine }) => engine.name === 'onnxruntime-web');
  const session = await opened(ort, manifest, files.model);
  const golden = parse(await fetched(manifest.golden.file), ort.Tensor);
  const outputs = {};
  let seconds; // from the script's start to the first answer
  for (const [i, inputs] of samples(golden, manifest.golden.samples).entries()) {
    for (const [name, tensor] of Object.entries(await session.run(inputs))) outputs[`${i}.output.${name}`] = tensor;
    seconds ??= (performance.now() - started) / 1e3;
  }
  const loaded = performance.getEntriesByType('resource');
  const downloaded = loaded.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0); // bytes
  return [{ seconds, downloaded, isolated: crossOriginIsolated, threads: ort.env.wasm.numThreads }, format(outputs)];
}

/** Send a frame: a line of JSON, then safetensors. */
async function send(message, content = new Uint8Array()) {
  const line = `${JSON.stringify({ ...message, bytes: content.length })}\n`;
  await fetch('answer', { method: 'POST', body: new Blob([line, content]) });
}

main().then(
  ([message, content]) => send(message, content),
  (error) => send({ error: String(error?.message ?? error) }),
);
