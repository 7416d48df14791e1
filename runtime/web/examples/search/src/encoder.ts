/** The sentence encoder behind its worker. */

/** What the worker is asked for. */
export type Question = { readonly id: number; readonly text: string };

/** What it tells. */
export type Answer =
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'ready'; readonly threads: number }
  | { readonly kind: 'vector'; readonly id: number; readonly vector: Float32Array }
  | { readonly kind: 'failed'; readonly id?: number; readonly message: string };

type Waiting = { resolve(vector: Float32Array): void; reject(error: Error): void };

export class Encoder {
  readonly ready: Promise<number>;
  readonly #worker = new Worker(new URL('worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  /**
   * @param bundle The address of the model.
   * @param onProgress Told what share of it is there.
   */
  constructor(bundle: string, onProgress: (share: number) => void) {
    this.ready = new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if (data.kind === 'progress') onProgress(data.share);
        if (data.kind === 'ready') resolve(data.threads);
        if (data.kind === 'vector') this.#take(data.id)?.resolve(data.vector);
        if (data.kind === 'failed')
          (data.id === undefined ? { reject } : this.#take(data.id))?.reject(new Error(data.message));
      };
    });
    this.#worker.postMessage(bundle);
  }

  /** Return the vector of a text, of length 1: the closer the meanings, the closer the vectors. */
  async encode(text: string): Promise<Float32Array> {
    await this.ready;
    const id = ++this.#last;
    const vector = new Promise<Float32Array>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#worker.postMessage({ id, text } satisfies Question);
    return vector;
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
