/** Holds the model, so that the page stays quick: told a bundle's address it loads it, told a text it answers with its vector. */

import { load, type Model } from 'edgeattn-web';
import type { Answer, Question } from './encoder.js';

const MOST_THREADS = 4; // phones have as many fast cores
const OUTPUT = 'embedding';

let model: Model;
const post = (answer: Answer): void => postMessage(answer);

async function open(bundle: string): Promise<void> {
  try {
    model = await load(bundle, {
      threads: MOST_THREADS,
      onProgress: ({ loaded, total }) => post({ kind: 'progress', share: loaded / total }),
    });
    post({ kind: 'ready', threads: model.threads });
  } catch (error) {
    post({ kind: 'failed', message: (error as Error).message });
  }
}

async function encode({ id, text }: Question): Promise<void> {
  try {
    const outputs = await model.run(model.prepare({ text }));
    post({ kind: 'vector', id, vector: outputs[OUTPUT]?.data as Float32Array });
  } catch (error) {
    post({ kind: 'failed', id, message: (error as Error).message });
  }
}

addEventListener('message', ({ data }: MessageEvent<string | Question>) => {
  if (typeof data === 'string') void open(data);
  else void encode(data);
});
