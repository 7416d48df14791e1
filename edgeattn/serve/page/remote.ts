/** A model in a worker: the page stays quick, and each number of threads has a worker, as the engine wants it. */

import type { Benchmark, Progress, Raw, ScoredLabel, Tensors } from 'edgeattn-web';
import type { Calls, Opened, Reply, Request, Verb, Way, Writing } from './protocol.js';

type Waiting = {
  readonly answered: (answer: never) => void;
  readonly failed: (error: Error) => void;
  readonly told: (told: never) => void;
};

export class Remote {
  readonly #worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  private constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#take(data));
    this.#worker.addEventListener('error', ({ message }) => this.#fail(message || 'the worker could not be started'));
  }

  /** Start a worker and load the bundle there. */
  static async open(way: Way, told: (progress: Progress) => void = () => {}): Promise<[Remote, Opened]> {
    const remote = new Remote();
    try {
      return [remote, await remote.#ask<Opened>('open', [way], told)];
    } catch (error) {
      remote.close();
      throw error;
    }
  }

  bench = (): Promise<Benchmark> => this.#ask('bench');
  pace = (): Promise<number | null> => this.#ask('pace');
  run = (inputs: Tensors): Promise<Tensors> => this.#ask('run', [inputs]);
  answer = (raw: Raw): Promise<Tensors> => this.#ask('answer', [raw]);
  name = (outputs: Tensors): Promise<readonly ScoredLabel[]> => this.#ask('name', [outputs]);
  write = (writing: Writing, told: (text: string) => void): Promise<void> => this.#ask('write', [writing], told);
  stop = (): Promise<void> => this.#ask('stop');

  /** End the worker, and what it is doing. */
  close(): void {
    this.#worker.terminate();
    this.#fail('ended');
  }

  #ask<Answer>(verb: Verb, given: readonly unknown[] = [], told: (told: never) => void = () => {}): Promise<Answer> {
    return new Promise<Answer>((answered, failed) => {
      const id = ++this.#last;
      this.#waiting.set(id, { answered, failed, told });
      this.#worker.postMessage({ id, verb, given } satisfies Request);
    });
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if ('told' in reply) {
      waiting?.told(reply.told as never);
      return;
    }
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.failed(new Error(reply.error));
    else waiting?.answered(reply.answer as never);
  }

  #fail(message: string): void {
    for (const { failed } of this.#waiting.values()) failed(new Error(message));
    this.#waiting.clear();
  }
}

export type Asked = Pick<Remote, Exclude<keyof Calls, 'open'>>;
