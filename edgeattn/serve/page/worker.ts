/** Holds one model, and answers what the page asks of it. */

import { load, type Model, type Tensor } from 'edgeattn-web';
import type { Calls, Reply, Request } from './protocol.js';

const BUNDLE = new URL('bundle', location.origin).href;
const WARMUP = 1; // seconds in which a browser compiles the engine's loops anew, and faster
const SECONDS = 2; // of timing
const PROMPT = 8; // tokens of a golden sample that a decoder continues, to be timed
const PACED = 32; // tokens that it then writes
const SAMPLING = { temperature: 0.7, topK: 40 }; // of a decoder alone that says nothing: greedily it soon goes round in circles

let model: Model;
let stopped = false;

const calls: Calls = {
  async open(way, tell) {
    model = await load(BUNDLE, { ...way, onProgress: tell });
    const { manifest, loadMs } = model;
    const golden = await model.golden();
    return { manifest, loadMs, golden, texts: golden.samples.flatMap(({ inputs }) => textOf(inputs)) };
  },
  async bench() {
    await model.bench({ seconds: WARMUP });
    return model.bench({ seconds: SECONDS });
  },
  async pace() {
    const prompt = await beginning(model);
    if (prompt.length === 0) return null;
    let [first, last, tokens] = [0, 0, 0];
    for await (const _ of model.generate(prompt, { maxNewTokens: PACED, temperature: 0, stop: [] })) {
      last = performance.now();
      if (tokens++ === 0) first = last; // the prompt's own time is left out
    }
    return last > first ? ((tokens - 1) * 1e3) / (last - first) : null;
  },
  run: (inputs) => model.run(inputs),
  answer: (raw) => model.run(model.prepare(raw)),
  async name(outputs) {
    return model.labels(outputs)[0] ?? [];
  },
  async write({ prompt, start, most }, tell) {
    const { generation, processing } = model.manifest;
    const prepared = model.prepare({ text: prompt });
    const paired = generation?.kind === 'encoder-decoder';
    const given = paired ? prepared : idsOf(prepared[processing?.text?.ids ?? ''] as Tensor);
    const ids: number[] = [];
    const sampling = generation?.defaults ? {} : SAMPLING;
    const options = { maxNewTokens: most, ...(paired ? { start } : sampling) };
    stopped = false;
    for await (const token of model.generate(given, options)) {
      if (model.decode([token]) === '' && paired) return; // a special token: the end
      if (stopped) return;
      tell(model.decode([...ids, token]));
      ids.push(token);
    }
  },
  async stop() {
    stopped = true;
  },
};

const idsOf = ({ data }: Tensor): number[] => Array.from(data as ArrayLike<number | bigint>, Number);

/** Return the first tokens of a decoder's first golden sample; none of another model. */
async function beginning(decoder: Model): Promise<number[]> {
  const { generation } = decoder.manifest;
  if (generation?.kind !== 'decoder') return [];
  const [sample] = (await decoder.golden()).samples;
  const tokens = sample?.inputs[generation.tokens];
  return tokens ? idsOf(tokens).slice(0, Math.min(PROMPT, tokens.dims[1] ?? 0)) : [];
}

/** Return the text of a golden sample's ids, where there is a tokenizer. */
function textOf(inputs: Readonly<Record<string, Tensor>>): readonly string[] {
  const ids = inputs[model.manifest.processing?.text?.ids ?? ''];
  return ids ? [model.decode(idsOf(ids)).trim()] : [];
}

addEventListener('message', async ({ data: { id, verb, given } }: MessageEvent<Request>) => {
  const reply = (message: Reply): void => postMessage(message);
  const call = calls[verb] as (...given: readonly unknown[]) => Promise<unknown>;
  try {
    reply({ id, answer: await call(...given, (told: unknown) => reply({ id, told })) });
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
