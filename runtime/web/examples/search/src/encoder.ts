/** The sentence encoder behind its worker. */

import type { Progress } from 'edgeattn-web';
import { RemoteModel } from 'edgeattn-web/remote';

const MOST_THREADS = 4; // phones have as many fast cores
const OUTPUT = 'embedding';

export class Encoder {
  readonly #model: Promise<RemoteModel>;

  /**
   * @param bundle The address of the model.
   * @param onProgress Told how much of it is there.
   */
  constructor(bundle: string, onProgress: (progress: Progress) => void) {
    const worker = new Worker(new URL('../../worker.ts', import.meta.url), { type: 'module' });
    this.#model = RemoteModel.open(worker, bundle, { threads: MOST_THREADS, onProgress });
  }

  /** How many threads it has, once it is there. */
  get ready(): Promise<number> {
    return this.#model.then(({ opened }) => opened.threads);
  }

  /** Return the vector of a text, of length 1: the closer the meanings, the closer the vectors. */
  async encode(text: string): Promise<Float32Array> {
    const model = await this.#model;
    const outputs = await model.run(await model.prepare({ text }));
    return outputs[OUTPUT]?.data as Float32Array;
  }
}
